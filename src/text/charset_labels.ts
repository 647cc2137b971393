/**
 * Other names of the character sets: the labels of the Encoding Standard (as of June 2025), and
 * those of IANA, Windows and clients. A label means exactly the set that it names: `iso-8859-1` is
 * not windows-1252, nor is `iso-8859-9` windows-1254, as they are on the web. Only letters and
 * digits of names are compared.
 */
export const LABELS: Readonly<Record<string, string>> = {
  "utf-8": "cp65001 unicode-1-1-utf-8 unicode20utf8 x-unicode20utf8",
  "ascii": "646 ansi_x3.4-1968 iso-ir-6 iso646-us us-ascii",
  "latin1": "cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1:1987 l1",
  "cp866": "866 csibm866 ibm866",
  "iso-8859-2": "csisolatin2 iso-ir-101 iso_8859-2:1987 l2 latin2",
  "iso-8859-3": "csisolatin3 iso-ir-109 iso_8859-3:1988 l3 latin3",
  "iso-8859-4": "csisolatin4 iso-ir-110 iso_8859-4:1988 l4 latin4",
  "iso-8859-5": "csisolatincyrillic cyrillic iso-ir-144 iso_8859-5:1988",
  "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e " +
    "iso-8859-6-i iso-ir-127 iso_8859-6:1987",
  "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso_8859-7:1987 " +
    "sun_eu_greek",
  "iso-8859-8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i " +
    "iso-ir-138 iso_8859-8:1988 logical visual",
  "iso-8859-10": "csisolatin6 iso-ir-157 l6 latin6",
  "iso-8859-15": "csisolatin9 l9",
  "koi8-r": "cskoi8r koi koi8",
  "koi8-u": "koi8-ru",
  "macintosh": "csmacintosh mac macroman x-mac-roman",
  "windows-874": "cp874 dos-874 iso-8859-11 tis-620",
  "windows-1250": "cp1250 ms1250 win1250 x-cp1250",
  "windows-1251": "cp1251 ms1251 win1251 x-cp1251",
  "windows-1252": "cp1252 ms1252 win1252 x-cp1252",
  "windows-1253": "cp1253 ms1253 win1253 x-cp1253",
  "windows-1254": "cp1254 ms1254 win1254 x-cp1254",
  "windows-1255": "cp1255 ms1255 win1255 x-cp1255",
  "windows-1256": "cp1256 ms1256 win1256 x-cp1256",
  "windows-1257": "cp1257 ms1257 win1257 x-cp1257",
  "windows-1258": "cp1258 ms1258 win1258 x-cp1258",
  "x-mac-cyrillic": "maccyrillic x-mac-ukrainian",
  "gbk": "chinese cp936 csgb2312 csiso58gb231280 gb2312 gb_2312-80 iso-ir-58 ms936 " +
    "windows-936 x-gbk",
  "gb18030": "gb18030-2000 gb18030-2005 gb18030-2022",
  "big5": "big5-hkscs cn-big5 cp950 csbig5 ms950 windows-950 x-x-big5",
  "euc-jp": "cseucpkdfmtjapanese ujis x-euc-jp",
  "shift_jis": "cp932 csshiftjis ms932 ms_kanji sjis windows-31j windows-932 x-sjis",
  "euc-kr": "cp949 cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 " +
    "ksc5601 ms949 uhc windows-949",
  "iso-8859-9": "csisolatin5 iso-ir-148 iso_8859-9:1989 l5 latin5",
  "cp437": "437 ibm437",
  "cp850": "850 ibm850",
  "cp852": "852 ibm852",
};

/** A name in upper case, with only its letters and digits. */
export function plainName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}
