/** Says how many characters each alphabet has on the runtime that this runs on, and a sum of them. */
import { createTextDecoder, encodeText, ENCODINGS } from "../../src/text/mod.ts";

for (const encoding of ENCODINGS) {
  let characters = 0;
  let sum = 0;
  for (let code = 0x20; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCharCode(code);
    const bytes = encodeText(character, encoding);
    if (createTextDecoder(encoding).decode(bytes) !== character) continue;
    characters++;
    for (const byte of bytes) sum = (sum * 31 + byte) >>> 0;
  }
  console.log(`${encoding} ${characters} ${sum}`);
}
console.log("end");
