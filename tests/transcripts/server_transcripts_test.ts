import { assertRejects } from "@std/assert";
import { parseServerTranscripts, runServerTranscript, serverCutsOf } from "./server_transcript.ts";

const folder = new URL("./server/", import.meta.url);

for (const { name } of Deno.readDirSync(folder)) {
  for (const transcript of parseServerTranscripts(Deno.readTextFileSync(new URL(name, folder)))) {
    Deno.test(`server/${name}: ${transcript.title}`, async () => {
      for (const cut of serverCutsOf(transcript)) await runServerTranscript(transcript, cut);
    });
  }
}

Deno.test("a server transcript that expects another event, line, byte or order fails", async () => {
  const document = (lines: string) => `## x\n\`\`\`telnet\n${lines}\n\`\`\``;
  for (
    const wrong of [
      "in IAC WILL 99",
      'call send "a"\nout "b"',
      'in "a" CR LF\ncall take\nline "b"',
      "in IAC NOP\nevent telnetCommand AYT",
      'listen mccp2\nhear\nout IAC WILL MCCP2\nin IAC DO MCCP2\ncall send "a"\nout "a"',
    ]
  ) {
    const [transcript] = parseServerTranscripts(document(wrong));
    await assertRejects(
      async () => transcript && await runServerTranscript(transcript, () => []),
      Error,
      "expected",
    );
  }
});
