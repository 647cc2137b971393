/**
 * Drives each third-party server with a bare socket, so that tests of our client can rely on them.
 * A missing server is skipped; with MINIBOA_CLIENTS=required it is a failure.
 */
import { assert, assertEquals } from "@std/assert";
import { inTime, until } from "../patience.ts";
import {
  FOREIGN_SERVERS,
  type ForeignServer,
  type ForeignServerKind,
  missing,
  required,
} from "./servers.ts";

const why = missing.length === 0 ? "" : ` (not installed: ${missing.join(", ")})`;

Deno.test({
  name: `the third-party servers are installed${why}`,
  ignore: missing.length > 0 && !required,
  fn: () => assertEquals(missing, []),
});

for (const kind of FOREIGN_SERVERS) {
  const available = await kind.available();
  const hint = available
    ? ""
    : kind.needsRoot
    ? " (needs root, and its packages)"
    : " (not installed)";
  Deno.test({
    name: `${kind.name}: logs in, runs a command, and leaves no process${hint}`,
    ignore: !available,
    fn: () => tryOut(kind),
  });
}

async function tryOut(kind: ForeignServerKind): Promise<void> {
  let pids: number[];
  let server: ForeignServer;
  {
    await using started = await kind.start();
    server = started;
    using person = await Person.connect(server.port);
    await logIn(person, server);
    const answer = server.answer.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    await person.sendLine(server.command);
    await person.sees(new RegExp(`(^|[\\r\\n])${answer}\\r*\\n`));
    if (server.promptAtEnd !== undefined) await person.sees(server.promptAtEnd);
    if (server.shell) {
      await person.sendLine("sleep 1000 & sleep 2000");
      const sleeps = () => server.pids().filter((pid) => commandOf(pid).startsWith("sleep "));
      await until(() => sleeps().length === 2, () => new Promise((done) => setTimeout(done, 10)));
    }
    pids = server.pids();
    assert(pids.length > 0);
  }
  assertEquals(server.pids(), []);
  assertEquals(pids.filter((pid) => commandOf(pid) !== ""), []);
}

async function logIn(person: Person, server: ForeignServer): Promise<void> {
  const { login, username, password, loginLine, promptAtEnd, promptsFirst } = server;
  if (login === "asked" && username !== undefined) {
    await person.sees(/(login|name): $/i);
    await person.sendLine(username);
    if (password !== undefined) {
      await person.sees(/Password: $/);
      await person.sendLine(password);
    }
  }
  if (login === "line" && loginLine !== undefined) await person.sendLine(loginLine);
  if (promptsFirst && promptAtEnd !== undefined) await person.sees(promptAtEnd);
}

/** The command line of a process; empty if it has ended. */
function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  } catch {
    return "";
  }
}

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [0xf0, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
const [ECHO, SUPPRESS_GO_AHEAD] = [1, 3];

/** A simple client: lets the server echo, and refuses everything else. */
class Person implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #decoder = new TextDecoder();
  readonly #enabled = new Set<number>();
  #bytes: number[] = [];
  #text = "";

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<Person> {
    return new Person(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a line, and clears the text that `sees` looks at. */
  async sendLine(line: string): Promise<void> {
    this.#text = "";
    await this.#write(new TextEncoder().encode(`${line}\r\n`));
  }

  /** Waits until the text since the last line, without escape sequences, matches. */
  async sees(pattern: RegExp): Promise<void> {
    while (!pattern.test(plain(this.#text))) {
      const buffer = new Uint8Array(4096);
      const count = await inTime(this.#connection.read(buffer), `${pattern} in ${this.#text}`);
      if (count === null) throw new Error(`Connection closed before ${pattern}: ${this.#text}`);
      this.#bytes.push(...buffer.subarray(0, count));
      await this.#take();
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  /** Reads all complete commands and characters. */
  async #take(): Promise<void> {
    const text: number[] = [];
    while (this.#bytes.length > 0) {
      const [first = 0, verb, option] = this.#bytes;
      const end = verb === SB ? this.#bytes.indexOf(SE) : verb !== undefined && verb > SB ? 2 : 1;
      if (first === IAC && (end < 0 || this.#bytes.length <= end)) break;
      const command = this.#bytes.splice(0, first === IAC ? end + 1 : 1);
      if (first !== IAC) text.push(first);
      else if (command.length === 3) await this.#answer(verb ?? 0, option ?? 0);
    }
    this.#text += this.#decoder.decode(Uint8Array.from(text), { stream: true });
  }

  async #answer(verb: number, option: number): Promise<void> {
    if (verb === DO) return await this.#write([IAC, WONT, option]);
    if (verb !== WILL && verb !== WONT) return;
    const agree = verb === WILL && (option === ECHO || option === SUPPRESS_GO_AHEAD);
    if (verb === WONT ? !this.#enabled.delete(option) : agree && this.#enabled.has(option)) return;
    if (agree) this.#enabled.add(option);
    await this.#write([IAC, agree ? DO : DONT, option]);
  }

  async #write(bytes: Iterable<number>): Promise<void> {
    const left = Uint8Array.from(bytes);
    for (let at = 0; at < left.length;) at += await this.#connection.write(left.subarray(at));
  }
}

/** Text without the escape sequences of terminals. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\][^\x07]*\x07|\x1b\[[\d;?]*[A-Za-z]|\x1b[a-z]|\0/g, "");
}
