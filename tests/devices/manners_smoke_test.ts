/**
 * Uses each device by hand, through a terminal emulator. The test knows the expected output, so it
 * needs no clock: it waits until the screen shows it.
 */
import { assert, assertEquals } from "@std/assert";
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "../../src/protocol/codes.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { inTime } from "../patience.ts";
import { Terminal } from "../text/terminal.ts";
import { type Dialogue, type Exchange, type Manner, MANNERS } from "./manners.ts";

const NETWORKS = [{ chunkSize: 1 }, {}] as const;

/** The devices without echo. */
const SILENT = /echoes nothing|serial port|half-duplex/;
/** The devices for which the width of the window matters. */
const NARROW = /line editor|zsh/;

/** All prompts, without trailing spaces. */
const PROMPT = new RegExp(
  "\\n*(?:\\{master:0\\}.*\\n)?(?:" + [
    String.raw`(?:sw1|core-7\.lab)(?:\(config.*\))?[>#]`,
    String.raw`(?:admin|root)@gw:\S+[$#]`,
    String.raw`edge-lyon-2>|TL-SG3428#|asa-1[>#]|dev@box:~\$|host%`,
    String.raw`\[admin@MikroTik\] (?:/[^>]+)?>`,
    String.raw`<HW>|\[HW[^\]]*\]|admin@mx[>#]|console:>|FGT (?:\(\S+\) )?#`,
    String.raw`#|>|\$`,
  ].join("|") + ")$",
);
/** The prompts without a trailing space. */
const NO_SPACE = /^(?:sw1|core-7|TL-|<HW|\[HW|#$)/;
const PAGER = new RegExp(
  "^(?:" + [
    " ?--More--",
    "<--- More --->",
    " {2}---- More ----",
    String.raw`---\(more.*\)---`,
    String.raw`Press any key to continue \(Q to quit\)`,
  ].join("|") + ")$",
);
const QUESTION = /(?:username|login|user|password): ?$/i;

/** A client with a terminal that refuses all options except server echo. */
class Person {
  readonly peer: MemoryPeer;
  readonly #narrow: boolean;
  #command: number[] = [];
  #decoder = new TextDecoder();
  #screen: Terminal;
  #rows: string[] = [];
  #raw = "";
  /** The text received since the last input, without most escape sequences. */
  since = "";

  constructor(peer: MemoryPeer, manner: Manner) {
    this.peer = peer;
    this.#narrow = NARROW.test(manner.name);
    this.#screen = this.#blank();
  }

  /** The text on the screen, without trailing spaces. */
  get text(): string {
    return this.#rows.join("\n");
  }

  type(text: string): void {
    this.#raw = this.since = "";
    this.peer.write(text);
  }

  /** Clears the screen except its last row. */
  async lookAtLastRow(): Promise<void> {
    const last = this.#rows.at(-1) ?? "";
    this.#screen = this.#blank();
    await this.#screen.write(NO_SPACE.test(last) ? last : `${last} `);
    this.#rows = this.#screen.everything;
  }

  /** Waits for a condition, and answers pagers; returns the number of pages. */
  async until(condition: () => boolean, what: string): Promise<number> {
    let pages = 0;
    const wait = async () => {
      while (true) {
        const changed = this.peer.changed();
        await this.#read();
        if (condition()) return;
        if (PAGER.test(this.#rows.at(-1) ?? "")) {
          pages++;
          this.type(" ");
        }
        await changed;
      }
    };
    try {
      await inTime(wait(), what);
    } catch (error) {
      throw new Error(`${what}: ${JSON.stringify(this.text)}`, { cause: error });
    }
    return pages;
  }

  async #read(): Promise<void> {
    const bytes: number[] = [];
    for (const byte of this.peer.take()) this.#receive(byte, bytes);
    const text = this.#decoder.decode(Uint8Array.from(bytes), { stream: true });
    this.#raw += text;
    this.since = this.#raw.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "");
    await this.#screen.write(text.replaceAll("\n", "\r\n"));
    this.#rows = this.#screen.everything;
  }

  #receive(byte: number, data: number[]): void {
    if (this.#command.length === 0 && byte !== IAC) return void data.push(byte);
    this.#command.push(byte);
    const [, verb = 0, option] = this.#command;
    if (verb === SB ? byte !== SE : verb === 0 || verb >= WILL && option === undefined) return;
    this.#command = [];
    if (option === undefined) return;
    const welcome = option === 1 || option === 3;
    if (verb === DO) this.peer.write(Uint8Array.of(IAC, WONT, option));
    if (verb === WILL) this.peer.write(Uint8Array.of(IAC, welcome ? DO : DONT, option));
  }

  #blank(): Terminal {
    return new Terminal(this.#narrow ? 80 : 400, 24);
  }
}

/** Removes white space, so that the place of line breaks does not matter. */
function squeezed(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function withoutPrompt(text: string): string | undefined {
  return PROMPT.test(text) ? text.replace(PROMPT, "") : undefined;
}

function expandTabs(line: string): string {
  let expanded = "";
  for (const char of line) expanded += char === "\t" ? " ".repeat(8 - expanded.length % 8) : char;
  return expanded;
}

/** Connects to a device. */
async function visit(manner: Manner, network: { readonly chunkSize?: number }): Promise<Person> {
  const transport = new MemoryTransport(network);
  const { port } = await transport.listen(
    { port: 0, address: "" },
    (connection) => manner.serve(connection),
  );
  return new Person(transport.connect(port), manner);
}

/** Answers the login questions. */
async function answerLogin(person: Person, login: Manner["login"]): Promise<void> {
  const answers = [login.username, login.password].filter((each) => each !== undefined);
  for (const answer of answers) {
    await person.until(
      () => QUESTION.test(person.since),
      "a question",
    );
    person.type(`${answer}\r\n`);
  }
}

/** Devices whose banner looks like a prompt, with a text that shows that the banner is over. */
const BANNER_ENDS = [
  { name: "banners stop", text: "end of the banner" },
  { name: "RouterOS", text: "[admin@" },
] as const;

async function logIn(person: Person, manner: Manner): Promise<void> {
  if (manner.name.includes("silent until Enter")) person.type("\r\n");
  await answerLogin(person, manner.login);
  const banner = BANNER_ENDS.find((end) => manner.name.includes(end.name))?.text ?? "";
  await person.until(
    () =>
      person.since !== "" && person.since.includes(banner) &&
      withoutPrompt(person.text) !== undefined,
    "the prompt",
  );
}

/** Types a command and checks the whole screen; returns the number of pages. */
async function run(person: Person, manner: Manner, exchange: Exchange): Promise<number> {
  const { command } = exchange;
  const output = exchange.output.split("\n").map(expandTabs).join("\n");
  await person.lookAtLastRow();
  const prompt = person.text;
  const echo = SILENT.test(manner.name) ? "" : command.replace(/^sh int /, "show interfaces ");
  const isEcho = (head: string) =>
    squeezed(head) === squeezed(prompt + echo) || /^asa-1> ?<[^<]+$/.test(head);
  const isAll = () => {
    const body = withoutPrompt(person.text);
    if (body === undefined || person.since === "") return false;
    if (body.endsWith(output)) return isEcho(body.slice(0, body.length - output.length));
    if (!NARROW.test(manner.name) || !squeezed(body).endsWith(squeezed(output))) return false;
    return isEcho(squeezed(body).slice(0, -squeezed(output).length));
  };
  person.type(`${command}\r\n`);
  return await person.until(isAll, `${manner.name}: ${command}`);
}

async function discuss(person: Person, manner: Manner, dialogue: Dialogue): Promise<void> {
  await person.lookAtLastRow();
  person.type(`${dialogue.command}\r\n`);
  for (const { ask, answer } of dialogue.answers) {
    await person.until(
      () => person.since.trimEnd().endsWith(ask.trimEnd()),
      `${manner.name}: ${ask}`,
    );
    person.type(`${answer}\r\n`);
  }
  await person.until(
    () =>
      (SILENT.test(manner.name) || person.since.includes("\n")) &&
      PROMPT.test(person.since.trimEnd()) &&
      withoutPrompt(person.text)?.endsWith(dialogue.output) === true,
    `${manner.name}: ${dialogue.command}`,
  );
}

for (const network of NETWORKS) {
  const cut = "chunkSize" in network ? ", byte by byte" : "";
  for (const manner of MANNERS) {
    Deno.test(`A person can use ${manner.name}${cut}`, async () => {
      const person = await visit(manner, network);
      await logIn(person, manner);
      let pages = 0;
      for (const exchange of manner.exchanges) pages += await run(person, manner, exchange);
      for (const dialogue of manner.dialogues ?? []) await discuss(person, manner, dialogue);
      const hasPager = /pager|Cisco|Junos|ASA|Fortinet|CR LF after/.test(manner.name);
      assertEquals(pages > 0, hasPager);
      person.peer.abort();
    });

    Deno.test(`Several commands sent at once are run in order by ${manner.name}${cut}`, async () => {
      const person = await visit(manner, network);
      await logIn(person, manner);
      const [first] = manner.exchanges;
      assert(first !== undefined && first.output !== "");
      await person.lookAtLastRow();
      person.type(`${first.command}\r\n${first.command}\r\0${first.command}\n`);
      const times = () => person.text.split(first.output).length - 1;
      await person.until(() => times() === 3 && PROMPT.test(person.text), "three outputs");
      person.peer.abort();
    });

    Deno.test(`A wrong login is refused three times by ${manner.name}${cut}`, async () => {
      const person = await visit(manner, network);
      const { username, password } = manner.login;
      const wrong = {
        ...username === undefined ? {} : { username: "nobody" },
        ...password === undefined ? {} : { password: "wrong" },
      };
      if (manner.name.includes("silent until Enter")) person.type("\r\n");
      for (let attempt = 0; attempt < 3; attempt++) {
        assert(!person.peer.ended);
        await answerLogin(person, wrong);
      }
      const refusals = () => person.text.match(/incorrect|invalid|denied|fail|bad/gi) ?? [];
      await person.until(() => person.peer.ended && refusals().length >= 3, "the last refusal");
    });
  }
}

/** Reads raw bytes until an end text, and agrees to all options. */
async function rawUntil(peer: MemoryPeer, heard: string, end: string): Promise<string> {
  let text = heard;
  const wait = async () => {
    while (true) {
      const changed = peer.changed();
      for (const byte of peer.take()) text += String.fromCharCode(byte);
      if (text.includes(end)) return text;
      await changed;
    }
  };
  return await inTime(wait(), JSON.stringify(end));
}

async function dial(name: string): Promise<MemoryPeer> {
  const manner = MANNERS.find((each) => each.name.includes(name));
  assert(manner !== undefined);
  return (await visit(manner, { chunkSize: 1 })).peer;
}

Deno.test("The Linux-like shell sends no text until it knows the terminal type", async () => {
  const peer = await dial("Linux-like");
  const asked = await rawUntil(peer, "", "\xff\xfd\x1f");
  assert(!asked.includes("login"));
  peer.write(Uint8Array.of(IAC, WILL, 24, IAC, WILL, 1));
  const more = await rawUntil(peer, "", "\xff\xfa\x18\x01\xff\xf0\xff\xfe\x01");
  assert(!more.includes("login"));
  peer.write(Uint8Array.of(IAC, SB, 24, 0, 0x56, 0x54, IAC, SE));
  await rawUntil(peer, "", "gw login: ");
  peer.abort();
});

Deno.test("The wrapping editor follows the window size, and stops its echo on DONT ECHO", async () => {
  const peer = await dial("by space and CR");
  peer.write(Uint8Array.of(IAC, DO, 1, IAC, WILL, 31, IAC, SB, 31, 0, 40, 0, 24, IAC, SE));
  peer.write("operator\r\nwide screen\r\n");
  await rawUntil(peer, "", "edge-lyon-2> ");
  peer.write(`${"x".repeat(30)}\r\n`);
  await rawUntil(peer, "", `${"x".repeat(27)} \rxxx\r\nUnknown command: `);
  await rawUntil(peer, "", "edge-lyon-2> ");
  peer.write(Uint8Array.of(IAC, DONT, 1));
  peer.write("show uptime\r\n");
  const silent = await rawUntil(peer, "", "edge-lyon-2> ");
  assertEquals(silent, "\xff\xfc\x01up 12 days, 3:04\r\nedge-lyon-2> ");
  peer.abort();
});

Deno.test("The devices' outputs cover all kinds, and have no blank edges", () => {
  for (const { name, exchanges, dialogues = [] } of MANNERS) {
    for (const { command, output } of [...exchanges, ...dialogues]) {
      assertEquals(
        output,
        output.replaceAll(/[ \t]+$/gm, "").replaceAll(/^\n+|\n+$/g, ""),
        command,
      );
    }
    const outputs = exchanges.map(({ output }) => output);
    assert(outputs.includes(""), `${name}: nothing`);
    assert(outputs.some((output) => output !== "" && !output.includes("\n")), `${name}: a line`);
    assert(outputs.some((output) => output.split("\n").length >= 60), `${name}: pages`);
    assert(outputs.some((output) => output.includes("\n\n")), `${name}: blank lines`);
  }
});
