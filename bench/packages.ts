/** The npm packages that the text functions are compared with. */
export const TEXT_PACKAGES: Readonly<Record<string, string>> = {
  "wrap-ansi": "10.0.2",
  "string-width": "9.0.0",
  "slice-ansi": "10.0.1",
  "iconv-lite": "0.7.3",
};
