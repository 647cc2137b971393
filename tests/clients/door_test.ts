/**
 * Real TLS clients, and servers behind HAProxy or nginx, on each runtime. A missing program is
 * skipped; with MINIBOA_CLIENTS=required it is a failure.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { PATIENCE_MS } from "../patience.ts";
import { freePort } from "../runtimes/free_port.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { required } from "./clients.ts";
import { installed, Screen } from "./screen.ts";

const TINTIN = "/usr/games/tt++";
const CERT = new URL("../tls/cert.pem", import.meta.url).pathname;
const NEEDED = ["tmux", "openssl", TINTIN, "telnet-ssl", "s3270", "haproxy", "nginx", "ssh"];

const missing: string[] = [];
for (const program of NEEDED) if (!await installed(program)) missing.push(program);
const has = (program: string) => !missing.includes(program) && !missing.includes("tmux");
const without = (program: string) => has(program) ? "" : ` (${program} is not installed)`;

Deno.test({
  name: "the TLS clients and the proxies are installed",
  ignore: missing.length > 0 && !required,
  fn: () => assertEquals(missing, []),
});

for (const runtime of await findRuntimes()) {
  for (const [program, command] of secureClients()) {
    Deno.test({
      name: `${runtime.name}: ${program} talks to the TLS port${without(program)}`,
      ignore: !has(program),
      async fn() {
        await using door = await startDoor(runtime);
        await talk(command(door.secure));
      },
    });
  }

  Deno.test({
    name: `${runtime.name}: openssl talks to a port for Telnet and TLS${without("openssl")}`,
    ignore: !has("openssl"),
    async fn() {
      await using door = await startDoor(runtime, "--auto");
      await talk(`openssl s_client -quiet -connect 127.0.0.1:${door.plain}`);
      await talk(`nc.openbsd 127.0.0.1 ${door.plain}`, "in the clear");
    },
  });

  Deno.test({
    name: `${runtime.name}: s3270 switches to TLS by START-TLS${without("s3270")}`,
    ignore: !has("s3270"),
    async fn() {
      await using door = await startDoor(runtime, "--start-tls");
      await using screen = await Screen.open("s3270 -noverifycert");
      await screen.enter(`Connect(127.0.0.1:${door.plain})`);
      await screen.shows(/^ok/m);
      await screen.enter('String("hello\\n")');
      // Ascii() prints what has arrived so far, so ask until it is complete.
      await screen.repeats(
        async () => {
          await screen.enter("Wait(2,Output)");
          await screen.enter("Ascii(0,0,4,79)");
        },
        /You are 127\.0\.0\.1, by 127\.0\.0\.1, encrypted; you said: hello/,
      );
    },
  });

  Deno.test({
    name: `${runtime.name}: the plain port refuses ssh and openssl in their own protocols`,
    ignore: !has("ssh") || !has("openssl"),
    async fn() {
      await using door = await startDoor(runtime);
      const ssh = await output("ssh", [
        ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"],
        ...["-o", "BatchMode=yes", "-p", String(door.plain), "127.0.0.1"],
      ]);
      assertMatch(ssh, /Received disconnect[^]*This is a Telnet server/);
      const tls = await output("openssl", ["s_client", "-connect", `127.0.0.1:${door.plain}`]);
      assertMatch(tls, /no peer certificate available/);
    },
  });

  for (const [how, line, encrypted] of proxies()) {
    Deno.test({
      name: `${runtime.name}: HAProxy passes the client's address by ${how}${without("haproxy")}`,
      ignore: !has("haproxy"),
      fn: () => throughProxy(runtime, line, encrypted),
    });
  }

  Deno.test({
    name: `${runtime.name}: HAProxy's health checks are no clients, whichever header they use${
      without("haproxy")
    }`,
    ignore: !has("haproxy"),
    fn: () => checkedByProxy(runtime),
  });

  Deno.test({
    name: `${runtime.name}: nginx passes the client's address, IPv4 or IPv6${without("nginx")}`,
    ignore: !has("nginx"),
    fn: () => throughNginx(runtime),
  });
}

function secureClients(): [string, (port: number) => string][] {
  return [
    ["openssl", (port) => `openssl s_client -quiet -CAfile ${CERT} -connect 127.0.0.1:${port}`],
    [TINTIN, (port) => `${TINTIN} -G -e '#ssl v 127.0.0.1 ${port}'`],
    ["telnet-ssl", (port) => `telnet-ssl -z ssl -z cacert=${CERT} 127.0.0.1 ${port}`],
  ];
}

/** HAProxy's ways to pass the address: name, server option, and whether HAProxy terminates TLS. */
function proxies(): [string, string, boolean][] {
  return [
    ["version 1", "send-proxy", false],
    ["version 2", "send-proxy-v2", false],
    ["version 2 with a checksum", "send-proxy-v2 proxy-v2-options crc32c,unique-id", false],
    ["version 2, and that it is encrypted", "send-proxy-v2-ssl-cn", true],
  ];
}

interface Acceptor extends AsyncDisposable {
  readonly plain: number;
  readonly secure: number;
}

async function startDoor(runtime: Runtime, ...args: string[]): Promise<Acceptor> {
  const program = Program.start(runtime, "tests/runtimes/door_program.ts", args);
  const ports = JSON.parse(await program.line());
  return { ...ports, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** Runs a client by command line, sends a line, and leaves. */
async function talk(command: string, how: string = "encrypted"): Promise<void> {
  await using screen = await Screen.open(command);
  await screen.shows(/Welcome!/);
  await screen.enter("hello");
  const shown = await screen.shows(/you said: hello/);
  assert(
    shown.includes(`You are 127.0.0.1, by 127.0.0.1, ${how}; you said: hello`),
    shown.join("\n"),
  );
  await screen.enter("bye");
  await screen.shows(/Farewell!/);
}

/** The output of a program without input. */
async function output(program: string, args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const text = new TextDecoder();
  return text.decode(stdout) + text.decode(stderr);
}

async function throughProxy(runtime: Runtime, how: string, encrypted: boolean): Promise<void> {
  await using door = await startDoor(runtime, "--proxied");
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/both.pem`, CERTIFICATE.cert + CERTIFICATE.key);
  const server = `server game 127.0.0.1:${door.plain} ${how}`;
  await behindHaproxy(
    folder,
    encrypted ? ` ssl crt ${folder}/both.pem` : "",
    [server],
    async (port) => {
      const heard = await visit(port, "127.0.0.77", encrypted);
      const what = encrypted ? "encrypted" : "in the clear";
      assertMatch(
        heard,
        new RegExp(`You are 127\\.0\\.0\\.77, by 127\\.0\\.0\\.1, ${what}; you said: hello`),
      );
    },
  );
}

/** Runs HAProxy in front of servers while `visiting` uses its port, then removes its folder. */
async function behindHaproxy(
  folder: string,
  bind: string,
  servers: readonly string[],
  visiting: (port: number) => Promise<void>,
): Promise<void> {
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/haproxy.cfg`,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen telnet
  bind 127.0.0.1:${port}${bind}
  unique-id-format %ci-%cp
${servers.map((server) => `  ${server}\n`).join("")}`,
  );
  const proxy = new Deno.Command("haproxy", {
    args: ["-db", "-q", "-f", `${folder}/haproxy.cfg`],
    stderr: "null",
  }).spawn();
  try {
    await listening(port);
    await visiting(port);
  } finally {
    proxy.kill("SIGKILL");
    await proxy.status;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until HAProxy has made a health check with each kind of header. */
async function checkedByProxy(runtime: Runtime): Promise<void> {
  await using door = await startDoor(runtime, "--proxied", "--many");
  const servers = proxies().filter(([, , encrypted]) => !encrypted).map(([, line], index) =>
    `server game${index} 127.0.0.1:${door.plain} ${line} check inter 100`
  );
  await behindHaproxy(await Deno.makeTempDir(), "", servers, async (port) => {
    for (let visits = 1, checks = 0; checks < 9; visits++) {
      const heard = await visit(port, "127.0.0.77", false, "doors");
      const [, clients = "", looks = ""] = /clients: (\d+), checks: (\d+)/.exec(heard) ?? [];
      // The attempts that waited for the proxy to listen also came through it.
      assert(Number(clients) <= visits + 1, heard);
      checks = Number(looks);
    }
  });
}

/** nginx reads a PROXY header itself, and passes on the client's address. */
async function throughNginx(runtime: Runtime): Promise<void> {
  await using door = await startDoor(runtime, "--proxied");
  const port = freePort();
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
stream {
  server {
    listen 127.0.0.1:${port} proxy_protocol;
    set_real_ip_from 127.0.0.1;
    proxy_pass 127.0.0.1:${door.plain};
    proxy_protocol on;
  }
}
`,
  );
  const proxy = new Deno.Command("nginx", {
    args: ["-p", folder, "-e", `${folder}/error.log`, "-c", `${folder}/nginx.conf`],
    stderr: "null",
  }).spawn();
  try {
    await listening(port);
    for (
      const [family, source, other] of [["TCP4", "192.0.2.7", "192.0.2.1"], [
        "TCP6",
        "2001:db8::7",
        "::1",
      ]]
    ) {
      const heard = await visit(
        port,
        "127.0.0.1",
        false,
        "hello",
        `PROXY ${family} ${source} ${other} 4660 23\r\n`,
      );
      assertMatch(
        heard,
        new RegExp(`You are ${source}, by 127\\.0\\.0\\.1, in the clear; you said: hello`),
      );
    }
  } finally {
    proxy.kill("SIGTERM");
    await proxy.status;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Connects from an address of this machine, says hello, and leaves; returns what it received. */
async function visit(
  port: number,
  localAddress: string,
  encrypted: boolean,
  words: string = "hello",
  header: string = "",
): Promise<string> {
  const plain = connect({ port, host: "127.0.0.1", localAddress });
  const socket = encrypted ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain;
  let heard = "";
  socket.on("data", (bytes: Uint8Array) => heard += new TextDecoder().decode(bytes));
  socket.write(`${header}${words}\r\nbye\r\n`);
  await new Promise((resolve, reject) => {
    socket.once("end", resolve);
    socket.once("error", reject);
  });
  socket.destroy();
  return heard;
}

async function listening(port: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (true) {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
