import { assertThrows } from "@std/assert";
import { cutsOf, parseTranscripts, runTranscript } from "./transcript.ts";

const folder = new URL("./", import.meta.url);

for (const { name } of Deno.readDirSync(folder)) {
  if (!name.endsWith(".md")) continue;
  for (const transcript of parseTranscripts(Deno.readTextFileSync(new URL(name, folder)))) {
    Deno.test(`${name}: ${transcript.title}`, () => {
      for (const cut of cutsOf(transcript)) runTranscript(transcript, cut);
    });
  }
}

Deno.test("a transcript that expects another event, byte or order fails", () => {
  const document = (lines: string) => `## x\n\`\`\`telnet\n${lines}\n\`\`\``;
  for (
    const wrong of [
      "in IAC WILL 99",
      "in IAC WILL 99\nout IAC DO 99",
      'in "a" IAC NOP\nevent command NOP\nevent data "a"',
      'in "a"\nevent data "b"',
      "text utf-8\nin CR LF",
    ]
  ) {
    const [transcript] = parseTranscripts(document(wrong));
    assertThrows(() => transcript && runTranscript(transcript, () => []), Error, "expected");
  }
});
