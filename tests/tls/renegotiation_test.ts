/** Renegotiation is possible only with OpenSSL, which Node uses. */
import { assertEquals } from "@std/assert";
import { Program } from "../runtimes/process.ts";
import { findRuntimes } from "../runtimes/runtimes.ts";

for (const runtime of await findRuntimes()) {
  if (runtime.name !== "Node") continue;
  Deno.test("Node: a TLS 1.2 client that renegotiates is disconnected", async () => {
    await using program = Program.start(runtime, "tests/tls/renegotiation_program.ts");
    assertEquals([await program.line(), await program.line()], [
      "gone connection-lost",
      "handshakes 0",
    ]);
  });
}
