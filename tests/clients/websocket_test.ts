/**
 * Third-party WebSocket clients, on each runtime's server: the npm package ws, the runtime's own,
 * Debian's python3-websockets, and nginx as a wss proxy. A missing program is skipped; with
 * MINIBOA_CLIENTS=required it is a failure.
 */
import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import WebSocketOfWs from "ws";
import { freePort } from "../runtimes/free_port.ts";
import { inTime } from "../patience.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { required } from "./clients.ts";
import { installed } from "./screen.ts";

const PYTHON = "/usr/bin/python3";
const CERT = new URL("../tls/cert.pem", import.meta.url).pathname;
const KEY = new URL("../tls/key.pem", import.meta.url).pathname;
const hasNginx = await installed("nginx");
const hasWebsockets = await succeeds(PYTHON, ["-c", "import websockets"]);

Deno.test({
  name: "nginx and python3-websockets are installed",
  ignore: (hasNginx && hasWebsockets) || !required,
  fn: () => assertEquals([hasNginx, hasWebsockets], [true, true]),
});

for (const runtime of await findRuntimes()) {
  Deno.test(`${runtime.name}: ws talks to one port for Telnet, TLS, WebSocket and the page`, async () => {
    await using door = await startDoor(runtime, "--web", "--auto");
    const plain = `ws://127.0.0.1:${door.plain}/`;
    assertEquals(
      await talk(plain),
      "You are 127.0.0.1, by 127.0.0.1, in the clear; you said: hello",
    );
    const secure = `wss://localhost:${door.plain}/`;
    assertEquals(await talk(secure), "You are 127.0.0.1, by 127.0.0.1, encrypted; you said: hello");
    const page = await fetch(`http://127.0.0.1:${door.plain}/`);
    assertEquals(await page.text(), "<h1>The door</h1>");
    const foreign = await refusal(plain, { origin: "https://evil.example" });
    assertEquals(foreign, "Unexpected server response: 403");
  });

  Deno.test({
    name: `${runtime.name}: python3-websockets talks${hasWebsockets ? "" : " (not installed)"}`,
    ignore: !hasWebsockets,
    async fn() {
      await using door = await startDoor(runtime, "--web");
      const script = `
import asyncio, websockets
async def main():
    async with websockets.connect("ws://127.0.0.1:${door.plain}/", subprotocols=["telnet"]) as ws:
        text = b""
        await ws.send(b"hello\\r\\n")
        while b"you said" not in text:
            text += await ws.recv()
        pong = await ws.ping()
        await pong
        await ws.send("bye\\r\\n")
        try:
            while True:
                text += await ws.recv()
        except websockets.ConnectionClosed as closed:
            print(ws.subprotocol, closed.code, b"Farewell" in text)
asyncio.run(main())
`;
      const { stdout } = await new Deno.Command(PYTHON, { args: ["-c", script] }).output();
      assertEquals(new TextDecoder().decode(stdout).trim(), "telnet 1000 True");
    },
  });

  Deno.test({
    name: `${runtime.name}: nginx proxies wss, and passes the client's address${
      hasNginx ? "" : " (not installed)"
    }`,
    ignore: !hasNginx,
    async fn() {
      await using door = await startDoor(runtime, "--web", "--forwarded");
      await using proxy = await startNginx(door.plain);
      const heard = await talk(`wss://localhost:${proxy.port}/`, {
        headers: { "X-Forwarded-For": "192.0.2.7" },
      });
      // A client can forge the first address. nginx appends the one that it sees, here a proxy.
      assertEquals(heard, "You are 192.0.2.7, by 127.0.0.1, encrypted; you said: hello");
    },
  });
}

/** Connects, says hello, and leaves; returns the answer. */
async function talk(url: string, options: object = {}): Promise<string> {
  const ws = new WebSocketOfWs(url, ["binary"], { ca: CERTIFICATE.cert, ...options });
  let text = "";
  const answer = new Promise<string>((resolve, reject) => {
    ws.on("error", reject);
    ws.on("message", (data: Uint8Array, binary: boolean) => {
      assert(binary);
      text += new TextDecoder("latin1").decode(data);
      const [, line] = /(You are .*)\r\n/.exec(text) ?? [];
      if (line !== undefined) resolve(line);
    });
  });
  await inTime(once(ws, "open"), `the opening of ${url}`);
  ws.send(new TextEncoder().encode("hello\r\n"));
  const line = await inTime(answer, "the answer");
  const closed = once(ws, "close");
  ws.send("bye\r\n");
  const [code] = await inTime(closed, "the end");
  assertEquals(code, 1000);
  return line;
}

/** The error message of a refused client. */
async function refusal(url: string, options: object): Promise<string> {
  const ws = new WebSocketOfWs(url, options);
  const [error] = await inTime(once(ws, "error"), "the refusal");
  return error.message;
}

interface Door extends AsyncDisposable {
  readonly plain: number;
}

async function startDoor(runtime: Runtime, ...args: string[]): Promise<Door> {
  const program = Program.start(runtime, "tests/runtimes/door_program.ts", args);
  const { plain } = JSON.parse(await program.line());
  return { plain, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

async function startNginx(door: number): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = freePort();
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${CERT};
    ssl_certificate_key ${KEY};
    location / {
      proxy_pass http://127.0.0.1:${door};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`,
  );
  const proxy = new Deno.Command("nginx", {
    args: ["-p", folder, "-e", `${folder}/error.log`, "-c", `${folder}/nginx.conf`],
    stderr: "null",
  }).spawn();
  for (let open = false; !open;) {
    open = await Deno.connect({ port, hostname: "127.0.0.1" }).then(
      (conn) => (conn.close(), true),
      () => new Promise((resolve) => setTimeout(() => resolve(false), 20)),
    );
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      proxy.kill("SIGTERM");
      await proxy.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
