const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** Inserts a CR before each LF that has none. The search by the engine beats an expression. */
export function withCr(text: string): string {
  if (!text.includes("\r")) return text.replaceAll("\n", "\r\n");
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    if (text.charCodeAt(at - 1) === CR) continue;
    result += text.slice(from, at) + "\r";
    from = at;
  }
  return from === 0 && result === "" ? text : result + text.slice(from);
}

/** Inserts a NUL after each CR before anything but LF or NUL, except at the end. */
export function withNul(text: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\r"); at !== -1; at = text.indexOf("\r", at + 1)) {
    const next = text.charCodeAt(at + 1);
    if (next === LF || next === NUL || at + 1 === text.length) continue;
    result += text.slice(from, at + 1) + "\0";
    from = at + 1;
  }
  return from === 0 ? text : result + text.slice(from);
}
