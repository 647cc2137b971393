/** OpenSSL, which Node has, knows renegotiation. */
import { assertEquals } from "@std/assert";
import { Program } from "../runtimes/process.ts";
import { findRuntimes } from "../runtimes/runtimes.ts";

for (const runtime of await findRuntimes()) {
  if (runtime.name !== "Node") continue;
  Deno.test("Node: a client of TLS 1.2 gets one handshake, and who asks for more is gone", async () => {
    await using program = Program.start(runtime, "tests/tls/renegotiation_program.ts");
    assertEquals([await program.line(), await program.line()], [
      "gone connection-lost",
      "handshakes 0",
    ]);
  });
}
