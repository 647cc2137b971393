/**
 * Other names of the character sets: the labels of the Encoding Standard (as of June 2025), and
 * those of IANA, Windows, locales and clients. A label means exactly the set that it names: `iso-8859-1` is
 * not windows-1252, nor is `iso-8859-9` windows-1254, as they are on the web. Only letters and
 * digits of names are compared.
 */
export const LABELS: Readonly<Record<string, string>> = {
  "utf-8": "65001 cp65001 csutf8 unicode-1-1-utf-8 unicode20utf8 x-unicode20utf8",
  "ascii": "646 ansi_x3.4-1968 ansi_x3.4-1986 cp20127 cp367 csascii ibm367 iso-ir-6 " +
    "iso646-us iso_646.irv:1991 us us-ascii",
  "latin1": "cp28591 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1:1987 l1",
  "cp866": "866 csibm866 ibm866",
  "iso-8859-2": "cp28592 csisolatin2 iso-ir-101 iso_8859-2:1987 l2 latin2",
  "iso-8859-3": "cp28593 csisolatin3 iso-ir-109 iso_8859-3:1988 l3 latin3",
  "iso-8859-4": "cp28594 csisolatin4 iso-ir-110 iso_8859-4:1988 l4 latin4",
  "iso-8859-5": "cp28595 csisolatincyrillic cyrillic iso-ir-144 iso_8859-5:1988",
  "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 " +
    "iso-8859-6-e iso-8859-6-i iso-ir-127 iso_8859-6:1987",
  "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso_8859-7:1987 " +
    "sun_eu_greek",
  "iso-8859-8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i " +
    "iso-ir-138 iso_8859-8:1988 logical visual",
  "iso-8859-10": "cp28600 csisolatin6 iso-ir-157 iso_8859-10:1992 l6 latin6",
  "iso-8859-13": "cp28603 csiso885913 iso-ir-179 l7 latin7",
  "iso-8859-14": "csiso885914 iso-celtic iso-ir-199 iso_8859-14:1998 l8 latin8",
  "iso-8859-15": "cp28605 csiso885915 csisolatin9 iso_8859-15:1999 l9 latin0 latin9",
  "iso-8859-16": "csiso885916 iso-ir-226 iso_8859-16:2001 l10 latin10",
  "koi8-r": "cp20866 cp878 cskoi8r koi koi8",
  "koi8-u": "cp21866 cskoi8u koi8-ru",
  "macintosh": "cp10000 csmacintosh mac macroman x-mac-roman",
  "windows-874": "874 cp874 dos-874 iso-8859-11 tis-620 tis620.2533",
  "windows-1250": "1250 cp1250 cswindows1250 ms1250 win1250 x-cp1250",
  "windows-1251": "1251 cp1251 cswindows1251 ms1251 win1251 x-cp1251",
  "windows-1252": "1252 cp1252 cswindows1252 ms1252 win1252 x-cp1252",
  "windows-1253": "1253 cp1253 cswindows1253 ms1253 win1253 x-cp1253",
  "windows-1254": "1254 cp1254 cswindows1254 ms1254 win1254 x-cp1254",
  "windows-1255": "1255 cp1255 cswindows1255 ms1255 win1255 x-cp1255",
  "windows-1256": "1256 cp1256 cswindows1256 ms1256 win1256 x-cp1256",
  "windows-1257": "1257 cp1257 cswindows1257 ms1257 win1257 x-cp1257",
  "windows-1258": "1258 cp1258 cswindows1258 ms1258 win1258 x-cp1258",
  "x-mac-cyrillic": "cp10007 maccyrillic x-mac-ukrainian",
  "gbk": "936 chinese cp936 csgb2312 csgbk csiso58gb231280 euc-cn gb2312 gb_2312-80 " +
    "iso-ir-58 ms936 windows-936 x-gbk",
  "gb18030": "cp54936 csgb18030 gb18030-2000 gb18030-2005 gb18030-2022",
  "big5": "950 big5-eten big5-hkscs big5-hkscs:2004 cn-big5 cp950 csbig5 csbig5hkscs ms950 " +
    "windows-950 x-x-big5",
  "euc-jp": "cp51932 cseucpkdfmtjapanese ujis x-euc-jp",
  "shift_jis": "932 cp932 csshiftjis cswindows31j ms932 ms_kanji pck sjis windows-31j " +
    "windows-932 x-sjis",
  "euc-kr": "949 cp51949 cp949 cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 " +
    "ks_c_5601-1989 ksc5601 ms949 uhc windows-949",
  "iso-8859-9": "cp28599 csisolatin5 iso-ir-148 iso_8859-9:1989 l5 latin5",
  "cp437": "437 cspc8codepage437 ibm437",
  "cp850": "850 cspc850multilingual ibm850",
  "cp852": "852 cspcp852 ibm852",
};

/** A name in upper case, with only its letters and digits. */
export function plainName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}
