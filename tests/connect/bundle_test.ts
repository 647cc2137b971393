/** A browser bundle of ./connect contains no Node module, and runs. */
import { assert, assertEquals } from "@std/assert";
import { build, stop } from "esbuild";

Deno.test({
  name: "./connect bundles for the browser, and the bundle works over a given connection",
  // esbuild runs as a child process, which stop() ends.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const entry = new URL("../../src/connect/mod.ts", import.meta.url);
    const { outputFiles, metafile } = await build({
      entryPoints: [decodeURIComponent(entry.pathname)],
      bundle: true,
      platform: "browser",
      format: "esm",
      minify: true,
      write: false,
      metafile: true,
    });
    await stop();
    const [output] = Object.values(metafile.outputs);
    assertEquals(output?.imports, []);
    const [file] = outputFiles;
    assert(file !== undefined);
    const bundle = await import(URL.createObjectURL(
      new Blob([file.contents as BlobPart], { type: "text/javascript" }),
    ));
    const sent: string[] = [];
    let handler: { onData(chunk: Uint8Array): void } | undefined;
    const connection = {
      remoteAddress: "",
      remotePort: 0,
      identity: "page",
      queued: 0,
      encrypted: false,
      attach: (owner: typeof handler) => handler = owner,
      write: (chunk: Uint8Array) => sent.push(new TextDecoder().decode(chunk)),
      pause() {},
      resume() {},
      close() {},
      abort() {},
      destroyed: false,
      closed: new Promise(() => {}),
    };
    const remote = bundle.connectOver(connection, { terminal: { name: "PAGE" } });
    const line = remote.readLine({ timeout: Infinity });
    handler?.onData(new TextEncoder().encode("Hello, page\r\n"));
    assertEquals(await line, "Hello, page");
    remote.send("look\n");
    await remote.drained();
    assertEquals(sent, ["look\r\n"]);
  },
});
