/**
 * Fake devices for the tests of the client. Each plays a kind of real device, with its login, echo,
 * pager and bad habits, on any transport. Their Telnet is written by hand, as in firmware, so that
 * it shares no code with what it tests.
 *
 * What holds for all of them:
 *
 * - Input may arrive cut anywhere, or several lines at once. CR LF, CR NUL, CR and LF each end a
 *   line.
 * - Three wrong logins are refused, then the device closes.
 * - Outputs have no blank line at either end and no spaces at the end of a line: on a screen they
 *   cannot be told from the rest. Devices may send blank lines before a prompt.
 * - `exit` at the top closes the connection.
 */
import { DO, DONT, GA, IAC, IP, SB, SE, WILL, WONT } from "../../src/protocol/codes.ts";
import { lookAtSockets, turn } from "../../src/transport/event_loop.ts";
import type { Connection, ConnectionHandler } from "../../src/transport/transport.ts";

/** A command and what it prints. */
export interface Exchange {
  readonly command: string;
  /** Lines joined by `\n`, without echo, prompt, pager and escape sequences. */
  readonly output: string;
  /** The bytes that the device really sends, if they differ but look the same on a screen. */
  readonly sent?: string;
}

/** A command that asks questions. */
export interface Dialogue {
  readonly command: string;
  /** In order. `ask` is a part of the question; `answer` is typed with Enter. */
  readonly answers: readonly { readonly ask: string; readonly answer: string }[];
  /** The final output, without questions and answers. */
  readonly output: string;
}

/** A kind of device. */
export interface Manner {
  /** For test names. */
  readonly name: string;
  /** The accepted login. The device does not ask for a missing field, but for an empty one. */
  readonly login: { readonly username?: string; readonly password?: string };
  /** The enable password, if there is one. */
  readonly enable?: string;
  /** Run in this order, right after the login. */
  readonly exchanges: readonly Exchange[];
  /** Run in this order, after the exchanges. */
  readonly dialogues?: readonly Dialogue[];
  /** Plays the device on a connection; each connection has its own device. */
  serve(connection: Connection): ConnectionHandler;
}

const ECHO = 1;
const SGA = 3;
const STATUS = 5;
const TTYPE = 24;
const NAWS = 31;
const TSPEED = 32;
const NEW_ENVIRON = 39;

const ESC = "\x1b";
const BELL = "\x07";
const ETX = "\x03";
const NAK = "\x15";

/** The Telnet and line settings of a device. */
interface LineSettings {
  /** The line end that it sends. Default CR LF. */
  readonly newline?: string;
  /** The echo of Enter. Default: a newline. */
  readonly enter?: string;
  /** Whether it echoes. Default `true`, until the peer refuses ECHO. */
  readonly echo?: boolean;
  /** Options for which it sends WILL at the start. */
  readonly offers?: readonly number[];
  /** Options for which it sends DO at the start. */
  readonly asks?: readonly number[];
  /**
   * `answered`: it speaks Telnet. `ignored`: it strips Telnet commands without an answer.
   * `unknown`: Telnet commands are ordinary input. Default `answered`.
   */
  readonly telnet?: "answered" | "ignored" | "unknown";
  /** The maximum number of bytes per write. Default: no limit. */
  readonly sendsAtOnce?: number;
}

/** The echo when `typed` is added to `line` after `prompt`. */
type Editor = (typed: string, line: string, prompt: string, columns: number) => string;

type OptionState = "asked" | "on" | "off";

/** The device's end of a connection: Telnet, and a line that can be edited. */
class Tty {
  readonly #connection: Connection;
  readonly #settings: LineSettings;
  readonly #input: number[] = [];
  readonly #local: Map<number, OptionState> = new Map();
  readonly #remote: Map<number, OptionState> = new Map();
  /** The bytes of an incomplete Telnet command, with its IAC. */
  #command: number[] = [];
  #afterCr = false;
  #ended = false;
  #closed = false;
  #terminalType: string | undefined;
  #wake: () => void = () => {};
  /** The width of the peer's window, 80 until NAWS sets it. */
  columns = 80;

  constructor(connection: Connection, settings: LineSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  get handler(): ConnectionHandler {
    return {
      onData: (chunk) => {
        for (const byte of chunk) this.#receive(byte);
        this.#wake();
      },
      onEnd: () => {
        this.#ended = true;
        this.#wake();
      },
      onDrain: () => {},
      onClose: () => {
        this.#closed = true;
      },
    };
  }

  /** Sends the offers and requests of the settings. */
  negotiate(): void {
    for (const option of this.#settings.offers ?? []) this.offer(option);
    for (const option of this.#settings.asks ?? []) {
      this.#remote.set(option, "asked");
      this.#command3(DO, option);
    }
  }

  offer(option: number): void {
    this.#local.set(option, "asked");
    this.#command3(WILL, option);
  }

  withdraw(option: number): void {
    this.#local.set(option, "off");
    this.#command3(WONT, option);
  }

  /** Waits until the peer has refused TERMINAL-TYPE or sent its type. */
  async terminalTypeSettled(): Promise<void> {
    const open = () =>
      this.#remote.get(TTYPE) === "asked" ||
      this.#remote.get(TTYPE) === "on" && this.#terminalType === undefined;
    while (open()) await this.#more();
  }

  /** Sends text; each `\n` becomes the device's newline. */
  write(text: string): void {
    this.send(new TextEncoder().encode(text.replaceAll("\n", this.#settings.newline ?? "\r\n")));
  }

  send(bytes: Uint8Array): void {
    const size = this.#settings.sendsAtOnce ?? Infinity;
    for (let at = 0; at < bytes.length; at += size) {
      this.#connection.write(bytes.slice(at, Math.min(at + size, bytes.length)));
    }
  }

  /** Waits, so that the text sent so far arrives separately. */
  async pause(): Promise<void> {
    await lookAtSockets();
    if (this.#closed) await this.#never();
  }

  /** Like `pause()`, but shorter: on a socket the system may merge the writes before and after. */
  async breathe(): Promise<void> {
    await turn();
    if (this.#closed) await this.#never();
  }

  /** Discards input typed ahead. */
  flush(): void {
    this.#input.length = 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  /** Shows a question and reads the answer. */
  async ask(question: string, editor: Editor = plainly): Promise<string> {
    this.write(question);
    return await this.readLine(editor, question);
  }

  /** Reads one key, which is not shown. Enter is `\r`. */
  async readKey(): Promise<string> {
    const first = await this.#next();
    const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    const bytes = [first];
    while (bytes.length < length) bytes.push(await this.#next());
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  /** Reads a line, and shows it as the editor does. */
  async readLine(editor: Editor, prompt: string): Promise<string> {
    let line = "";
    while (true) {
      const key = await this.readKey();
      if (key === "\r") {
        if (this.#echoes) this.write(this.#settings.enter ?? "\n");
        return line;
      }
      if (key === ETX) {
        this.#show("^C\n");
        return "";
      }
      if (key === NAK) {
        if (editor !== hidden) this.#show("\b \b".repeat(line.length));
        line = "";
      } else if (key === "\b" || key === "\x7f") {
        if (line !== "" && editor !== hidden) this.#show("\b \b");
        line = line.slice(0, -1);
      } else if (key === ESC) {
        await this.#skipSequence();
      } else if (key >= " " || key === "\t") {
        this.#show(editor(key, line, prompt, this.columns));
        line += key;
      }
    }
  }

  get #echoes(): boolean {
    return this.#settings.echo !== false && this.#local.get(ECHO) !== "off";
  }

  #show(text: string): void {
    if (this.#echoes) this.write(text);
  }

  /** Skips a terminal report, or a key that the device does not know. */
  async #skipSequence(): Promise<void> {
    const kind = await this.readKey();
    if (kind === "O") await this.readKey();
    if (kind === "[") { while (!/[@-~]/.test(await this.readKey())); }
  }

  async #next(): Promise<number> {
    while (true) {
      const byte = this.#input.shift();
      if (byte !== undefined) return byte;
      await this.#more();
    }
  }

  /** Waits for input. After the end of the input the device hangs up. */
  async #more(): Promise<void> {
    if (this.#ended) {
      this.close();
      await this.#never();
    }
    await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Never resolves: the connection is gone, so the script stops here and is garbage-collected. */
  #never(): Promise<never> {
    return new Promise(() => {});
  }

  #receive(byte: number): void {
    if (this.#settings.telnet === "unknown" || this.#command.length === 0 && byte !== IAC) {
      return this.#receiveData(byte);
    }
    this.#command.push(byte);
    const [, verb, ...rest] = this.#command;
    if (verb === undefined) return;
    if (verb === SB) {
      if (!endsSubnegotiation(rest)) return;
      this.#command = [];
      return this.#subnegotiated(unescapeIac(rest.slice(0, -2)));
    }
    const [option] = rest;
    if (verb >= WILL && verb <= DONT && option === undefined) return;
    this.#command = [];
    if (verb === IAC) this.#receiveData(IAC);
    else if (verb === IP) this.#receiveData(ETX.charCodeAt(0));
    else if (option !== undefined && this.#settings.telnet !== "ignored") {
      this.#answer(verb, option);
    }
  }

  #receiveData(byte: number): void {
    const followsCr = this.#afterCr;
    this.#afterCr = byte === 0x0d;
    if (byte === 0x00 || byte === 0x0a && followsCr) return;
    this.#input.push(byte === 0x0a ? 0x0d : byte);
  }

  #answer(verb: number, option: number): void {
    const states = verb === DO || verb === DONT ? this.#local : this.#remote;
    const state = states.get(option) ?? "off";
    const no = states === this.#local ? WONT : DONT;
    const agrees = verb === DO || verb === WILL;
    if (agrees && state === "off") this.#command3(no, option);
    else if (!agrees && state === "on") this.#command3(no, option);
    if (state !== "off") states.set(option, agrees ? "on" : "off");
    if (verb === WILL && option === TTYPE && state === "asked") {
      this.send(Uint8Array.of(IAC, SB, TTYPE, 1, IAC, SE));
    }
    // Two ends that echo each other would never stop.
    if (verb === WILL && option === ECHO && state === "asked") this.#command3(DONT, ECHO);
  }

  #subnegotiated([option, ...body]: number[]): void {
    if (option === TTYPE) this.#terminalType = String.fromCharCode(...body.slice(1));
    const [high, low] = body;
    if (option === NAWS && high !== undefined && low !== undefined) {
      this.columns = (high << 8 | low) || 80;
    }
  }

  #command3(verb: number, option: number): void {
    this.#connection.write(Uint8Array.of(IAC, verb, option));
  }
}

function endsSubnegotiation(bytes: readonly number[]): boolean {
  if (bytes.at(-1) !== SE) return false;
  let iacs = 0;
  while (bytes.at(-2 - iacs) === IAC) iacs++;
  return iacs % 2 === 1;
}

function unescapeIac(bytes: readonly number[]): number[] {
  const plain: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    plain.push(byte);
    if (byte === IAC) at++;
  }
  return plain;
}

const plainly: Editor = (typed) => typed;
const hidden: Editor = () => "";
const asStars: Editor = () => "*";

/** Like readline: after the last column, a space and CR move the cursor to the next row. */
const wrapping: Editor = (typed, line, prompt, columns) =>
  (prompt.length + line.length + 1) % columns === 0 ? `${typed} \r` : typed;

/** Firmware that assumes 80 columns. */
const breaking: Editor = (typed, line, prompt) =>
  (prompt.length + line.length + 1) % 80 === 0 ? `${typed}\r\n` : typed;

/** How many columns a line scrolls sideways at once. */
const JUMP = 20;

/** A line longer than the row scrolls: the row is redrawn with `<` for the hidden start. */
const scrolling: Editor = (typed, line, prompt, columns) => {
  const room = Math.max(columns - prompt.length - 2, JUMP + 1);
  const hiddenOf = (length: number) => Math.max(0, Math.ceil((length - room) / JUMP) * JUMP);
  const start = hiddenOf(line.length + 1);
  if (start === hiddenOf(line.length)) return typed;
  const shown = `<${(line + typed).slice(start + 1)}`;
  const rest = room - shown.length;
  return `\r${prompt}${shown}${" ".repeat(rest)}${"\b".repeat(rest)}`;
};

/** Clears the rest of the row after each key, without need. */
const clearing: Editor = (typed) => `${typed}${ESC}[K`;

/** Rewrites the command after each key, with syntax colours. */
const colouring: Editor = (typed, line) =>
  `${"\b".repeat(line.length)}${ESC}[${line.length < 2 ? 31 : 32}m${line}${typed}${ESC}[39m`;

/** Redraws the prompt and the command for each key. */
const repainting: Editor = (typed, line, prompt) =>
  `\r${prompt}${ESC}[m${ESC}[35m${line}${typed}${ESC}[m${ESC}[K`;

/** Junos's completions on the space bar. */
const COMPLETIONS: Readonly<Record<string, string>> = { sh: "ow", int: "erfaces", ver: "sion" };

/** Echoes abbreviated words in full. */
const completing: Editor = (typed, line) => {
  const [word = ""] = /\S*$/.exec(line) ?? [];
  return typed === " " ? `${COMPLETIONS[word] ?? ""} ` : typed;
};

/** How a device stops after a page. */
interface Pager {
  readonly rows: number;
  /** Its prompt, by the percentage printed so far; 0 on the first page. */
  readonly ask: (percent: number) => string;
  /** The bytes that erase the prompt. */
  readonly erase: (shown: string) => string;
  /** Whether it also stops after the last line. Default `false`. */
  readonly stopsAtEnd?: boolean;
}

const overwrite = (shown: string): string => `\r${" ".repeat(shown.length)}\r`;

/** Prints output page by page: space for a page, Enter for a line, `q` to quit. */
async function printPages(tty: Tty, output: string, pager: Pager): Promise<void> {
  const lines = output === "" ? [] : output.split("\n");
  let until = pager.rows;
  const stopsAtEnd = pager.stopsAtEnd === true && lines.length > pager.rows;
  for (const [at, line] of lines.entries()) {
    tty.write(`${line}\n`);
    if (at + 1 < until || at + 1 === lines.length && !stopsAtEnd) continue;
    const percent = until === pager.rows ? 0 : Math.floor((at + 1) / lines.length * 100);
    const shown = pager.ask(percent);
    tty.write(shown);
    let key = await tty.readKey();
    while (!/[ \rqQ]/.test(key)) key = await tty.readKey();
    tty.write(pager.erase(shown));
    if (/q/i.test(key)) return;
    until += key === " " ? pager.rows : 1;
  }
}

/** The login of a device. */
interface Gate {
  /** Its questions; each is asked only if the login has the field. */
  readonly username?: string;
  readonly password?: string;
  readonly editor?: Editor;
  readonly refusal: string;
  /** Sent before it hangs up. Default: nothing. */
  readonly farewell?: string;
  /** Called before the password is read with `true`, and after it with `false`. */
  readonly onPassword?: (begins: boolean) => void;
}

const ATTEMPTS = 3;

/** Asks for the login; returns `false` after three wrong ones. */
async function admits(tty: Tty, login: Manner["login"], gate: Gate): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let [username, password]: (string | undefined)[] = [];
    if (login.username !== undefined) username = await tty.ask(gate.username ?? "Username: ");
    if (login.password !== undefined) {
      gate.onPassword?.(true);
      password = await tty.ask(gate.password ?? "Password: ", gate.editor ?? hidden);
      gate.onPassword?.(false);
    }
    if (username === login.username && password === login.password) return true;
    tty.write(gate.refusal);
  }
  tty.write(gate.farewell ?? "");
  return false;
}

/** Reads and runs commands. */
interface Shell {
  /** The prompt as it appears on its row. */
  readonly prompt: () => string;
  /** Sends the prompt. Default: sends its text. */
  readonly showPrompt?: (prompt: string) => Promise<void> | void;
  readonly editor?: Editor;
  readonly run: (command: string) => Promise<void> | void;
}

async function runShell(tty: Tty, shell: Shell): Promise<void> {
  while (!tty.closed) {
    const prompt = shell.prompt();
    await (shell.showPrompt ?? ((text) => tty.write(text)))(prompt);
    const command = (await tty.readLine(shell.editor ?? plainly, prompt)).trim();
    if (command !== "") await shell.run(command);
  }
}

/** Makes a device from a script; when the script ends, the device hangs up. */
function play(
  settings: LineSettings,
  script: (tty: Tty) => Promise<void>,
): (connection: Connection) => ConnectionHandler {
  return (connection) => {
    const tty = new Tty(connection, settings);
    queueMicrotask(async () => {
      tty.negotiate();
      await script(tty);
      tty.close();
    });
    return tty.handler;
  };
}

/** The bytes that a device sends for a command of its exchanges, without the last newline. */
function printed(exchanges: readonly Exchange[], command: string): string | undefined {
  const exchange = exchanges.find((each) => each.command === command);
  return exchange && (exchange.sent ?? exchange.output);
}

/** Adds a newline if there is output. */
function ended(output: string): string {
  return output === "" ? "" : `${output}\n`;
}

function list(count: number, line: (number: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index + 1)).join("\n");
}

function pad(value: number, length: number = 2): string {
  return String(value).padStart(length, "0");
}

const isExit = (command: string): boolean => /^(?:exit|quit|logout|bye)$/.test(command);

// 1. Cisco IOS

const CISCO_BANNER = `\
##############################################################
#  sw1 > lab of the third floor > rack 7                      #
#  Who asks for your Username: is this switch, nobody else.   #
#  Password: see the safe
#
sw1>
sw1#
##############################################################`;

const CISCO_VERSION = `\
Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11, RELEASE SOFTWARE (fc3)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2017 by Cisco Systems, Inc.
Compiled Sat 19-Aug-17 09:34 by prod_rel_team

ROM: Bootstrap program is C2960 boot loader
BOOTLDR: C2960 Boot Loader (C2960-HBOOT-M) Version 12.2(53r)SEY3, RELEASE SOFTWARE (fc1)

sw1 uptime is 2 weeks, 3 days, 4 hours, 5 minutes
System returned to ROM by power-on
System restarted at 06:10:12 UTC Fri Feb 16 2024
System image file is "flash:/c2960-lanbasek9-mz.150-2.SE11.bin"


This product contains cryptographic features and is subject to United
States and local country laws governing import, export, transfer and
use. Delivery of Cisco cryptographic products does not imply
third-party authority to import, export, distribute or use encryption.

If you require further assistance please contact us by sending email to
export@cisco.com.

cisco WS-C2960-24TT-L (PowerPC405) processor (revision B0) with 65536K bytes of memory.
Processor board ID FOC1010X104

Last reset from power-on
1 Virtual Ethernet interface
24 FastEthernet interfaces
2 Gigabit Ethernet interfaces
The password-recovery mechanism is enabled.

64K bytes of flash-simulated non-volatile configuration memory.
Base ethernet MAC Address       : 00:17:59:A7:51:80
Motherboard assembly number     : 73-10390-03
Power supply part number        : 341-0097-02
Motherboard serial number       : FOC10093R12
Power supply serial number      : AZS1007032H
Model revision number           : B0
Motherboard revision number     : C0
Model number                    : WS-C2960-24TT-L
System serial number            : FOC1010X104
Top Assembly Part Number        : 800-27221-02
Top Assembly Revision Number    : C0
Version ID                      : V02
CLEI Code Number                : COM3L00BRB
Hardware Board Revision Number  : 0x01


Switch Ports Model              SW Version            SW Image
------ ----- -----              ----------            ----------
${list(9, (n) => `${n === 1 ? "*" : " "}    ${n} 26    WS-C2960-24TT-L    15.0(2)SE11`)}

The pager of this switch says --More-- after 24 lines.

Configuration register is 0xF`;

const CISCO_CONFIG = `\
Building configuration...

Current configuration : 4711 bytes
!
version 15.0
no service pad
service timestamps log datetime
hostname sw1
!
${
  list(
    15,
    (n) =>
      `interface GigabitEthernet1/0/${n}
 description -- uplink # ${n} -->
 switchport mode access
!`,
  )
}
banner motd ^C
${CISCO_BANNER}
^C
!
line vty 0 4
 login local
!
end`;

function cisco(): Manner {
  const login = { username: "admin", password: "cisco123" };
  const enable = "enable99";
  const exchanges: readonly Exchange[] = [
    { command: "show clock", output: "*10:15:42.017 UTC Mon Mar 4 2024" },
    { command: "terminal history size 20", output: "" },
    {
      command: "show users",
      output: `\
    Line       User       Host(s)              Idle       Location
*  1 vty 0     admin      idle                 00:00:00 10.0.0.5

  Interface    User               Mode         Idle     Peer Address`,
    },
    { command: "show version", output: CISCO_VERSION },
    { command: "show banner motd", output: CISCO_BANNER },
    { command: "shwo version", output: "      ^\n% Invalid input detected at '^' marker." },
    {
      command: "ping 10.0.0.1",
      output: `\
Type escape sequence to abort.
Sending 5, 100-byte ICMP Echos to 10.0.0.1, timeout is 2 seconds:
!!!!!
Success rate is 100 percent (5/5), round-trip min/avg/max = 1/2/4 ms`,
    },
    { command: "show privilege", output: "Current privilege level is 1" },
  ];
  const dialogues: readonly Dialogue[] = [
    { command: "enable", answers: [{ ask: "Password:", answer: enable }], output: "" },
    { command: "show running-config", answers: [], output: CISCO_CONFIG },
    {
      command: "configure terminal",
      answers: [],
      output: "Enter configuration commands, one per line.  End with CNTL/Z.",
    },
    { command: "interface GigabitEthernet1/0/1", answers: [], output: "" },
    { command: "shutdown", answers: [], output: "" },
    { command: "hostname core-7.lab", answers: [], output: "" },
    { command: "end", answers: [], output: "" },
    {
      command: "copy running-config startup-config",
      answers: [{ ask: "Destination filename [startup-config]?", answer: "" }],
      output: "Building configuration...\n[OK]",
    },
    {
      command: "write erase",
      answers: [{ ask: "Continue? [confirm]", answer: "" }],
      output: "[OK]\nErase of nvram: complete",
    },
    {
      // One key answers [confirm]; the Enter after it is an empty command and gives another prompt.
      command: "reload",
      answers: [
        { ask: "Save? [yes/no]:", answer: "no" },
        { ask: "Proceed with reload? [confirm]", answer: "n" },
      ],
      output: "",
    },
    { command: "show privilege", answers: [], output: "Current privilege level is 15" },
  ];
  const pager: Pager = {
    rows: 24,
    ask: () => " --More-- ",
    // Back to the first column, blanks over the text, and back again, leaving the first cell alone.
    erase: () => `${"\b".repeat(9)}${" ".repeat(8)}${"\b".repeat(9)}`,
  };

  async function script(tty: Tty): Promise<void> {
    let hostname = "sw1";
    let mode: "user" | "enabled" | "config" | "config-if" = "user";
    tty.write(`\n${CISCO_BANNER}\n\n\nUser Access Verification\n\n`);
    const gate: Gate = { refusal: "% Login invalid\n\n", farewell: "% Bad passwords\n" };
    if (!await admits(tty, login, gate)) return;
    tty.write("\n");

    const invalid = (at: number) =>
      tty.write(`${" ".repeat(at)}^\n% Invalid input detected at '^' marker.\n\n`);
    async function askEnable(): Promise<void> {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (await tty.ask("Password: ", hidden) === enable) {
          mode = "enabled";
          return;
        }
      }
      tty.write("% Bad secrets\n\n");
    }
    /** Any key answers; only Enter and `y` mean yes. */
    async function confirms(question: string): Promise<boolean> {
      tty.write(`${question} [confirm]`);
      const yes = /[\ry]/i.test(await tty.readKey());
      tty.write("\n");
      return yes;
    }
    async function runEnabled(command: string): Promise<boolean> {
      if (command === "show running-config") await printPages(tty, CISCO_CONFIG, pager);
      else if (command === "show privilege") tty.write("Current privilege level is 15\n");
      else if (command === "disable") mode = "user";
      else if (command === "configure terminal") {
        mode = "config";
        tty.write("Enter configuration commands, one per line.  End with CNTL/Z.\n");
      } else if (command === "copy running-config startup-config") {
        await tty.ask("Destination filename [startup-config]? ");
        tty.write("Building configuration...\n");
        await tty.pause();
        tty.write("[OK]\n");
      } else if (command === "write erase") {
        const warning = "Erasing the nvram filesystem will remove all configuration files!";
        if (await confirms(`${warning} Continue?`)) {
          tty.write("[OK]");
          await tty.pause();
          tty.write("\nErase of nvram: complete\n");
        }
      } else if (command === "reload") {
        await tty.ask("\nSystem configuration has been modified. Save? [yes/no]: ");
        if (await confirms("Proceed with reload?")) tty.close();
      } else return false;
      return true;
    }
    function runConfig(command: string): void {
      const [, name] = /^hostname (\S+)$/.exec(command) ?? [];
      if (name !== undefined) hostname = name;
      else if (/^interface \S+$/.test(command)) mode = "config-if";
      else if (command === "end") mode = "enabled";
      else if (command === "exit") mode = mode === "config" ? "enabled" : "config";
      else if (!/^(?:no )?shutdown$|^description /.test(command)) invalid(hostname.length + 9);
    }
    async function ping(output: string): Promise<void> {
      for (const part of output.split(/(!)/)) {
        tty.write(part);
        await tty.breathe();
      }
      tty.write("\n");
    }
    await runShell(tty, {
      prompt: () => {
        const suffix = {
          user: ">",
          enabled: "#",
          config: "(config)#",
          "config-if": "(config-if)#",
        };
        return hostname + suffix[mode];
      },
      run: async (command) => {
        if (mode === "config" || mode === "config-if") return runConfig(command);
        if (isExit(command)) return tty.close();
        if (command === "enable") return mode === "user" ? await askEnable() : undefined;
        if (mode === "enabled" && await runEnabled(command)) return;
        const output = printed(exchanges, command);
        if (command === "shwo version") invalid(6);
        else if (output === undefined) invalid(hostname.length + 1);
        else if (command.startsWith("ping")) await ping(output);
        else await printPages(tty, output, pager);
      },
    });
  }

  return {
    name: "a Cisco-like switch with a pager, enable and a banner that looks like prompts",
    login,
    enable,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [TTYPE, NAWS], sendsAtOnce: 536 }, script),
  };
}

// 2. Linux

function linux(): Manner {
  const login = { username: "admin", password: "tr0ub4dor&3 # $" };
  const exchanges: readonly Exchange[] = [
    { command: "pwd", output: "/home/admin" },
    { command: "cd /etc", output: "" },
    {
      command: "cat hosts",
      output: "127.0.0.1\tlocalhost\n\n::1\t\tip6-localhost ip6-loopback\n10.0.0.1\tgw",
    },
    {
      command: "cat notes.txt",
      output: `\
How to restart it:

admin@gw:~$ ssh root@other
root@other:~# systemctl restart frr
root@other:~#
root@other:~# exit
admin@gw:/etc$ cat notes.txt
$ echo it costs 5 $ or 6 #
# that was it
login: nobody
Password:
>`,
    },
    { command: "echo -n ready", output: "ready" },
    { command: "cat self", output: "cat self\nis the first line of this file" },
    { command: "seq 1 120", output: list(120, String) },
    {
      command: "cat grüße.txt",
      output: "Grüße aus Zürich – 你好, мир! 👋\nnaïve café\n\n€ 5,00 (½ Preis)",
    },
    {
      command: "wget -q --show-progress http://10.0.0.5/a.bin",
      output: "a.bin    100%[==========>]   1.00M  --.-KB/s    in 0.1s",
      sent: "a.bin      0%[          ]   0\ra.bin     50%[====>     ]  512K  4.99MB/s\r" +
        "a.bin    100%[==========>]   1.00M  --.-KB/s    in 0.1s",
    },
    { command: "cd", output: "" },
    { command: "frobnicate", output: "-bash: frobnicate: command not found" },
  ];
  const dialogues: readonly Dialogue[] = [
    {
      command: "rm -i old.txt",
      answers: [{ ask: "remove regular file 'old.txt'?", answer: "y" }],
      output: "",
    },
    {
      command: "sudo id",
      answers: [{ ask: "[sudo] password for admin:", answer: login.password }],
      output: "uid=0(root) gid=0(root) groups=0(root)",
    },
    { command: "sudo -i", answers: [], output: "" },
    { command: "whoami", answers: [], output: "root" },
    { command: "exit", answers: [], output: "logout" },
    { command: "whoami", answers: [], output: "admin" },
  ];

  async function script(tty: Tty): Promise<void> {
    let directory = "/home/admin";
    let user = "admin";
    await tty.terminalTypeSettled();
    tty.write("Debian GNU/Linux 12 gw\n\n");
    const gate: Gate = {
      username: "gw login: ",
      refusal: "\nLogin incorrect\n",
      farewell: `Maximum number of tries exceeded (${ATTEMPTS})\n`,
      // login(1) discards input typed ahead.
      onPassword: (begins) => begins && tty.flush(),
    };
    if (!await admits(tty, login, gate)) return;
    tty.write(`\
Linux gw 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64

  * Support: https://help.example/# or dial 5 $
  * root@gw:~# is for the night shift only

`);
    tty.write("Last login:");
    await tty.pause();
    tty.write(" Mon Mar  4 10:15:42 UTC 2024 from 10.0.0.5 on pts/0\n");

    const where = () => directory === (user === "root" ? "/root" : "/home/admin") ? "~" : directory;
    async function sudo(command: string): Promise<void> {
      if (command === "sudo id") {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          if (await tty.ask("[sudo] password for admin: ", hidden) === login.password) {
            return tty.write("uid=0(root) gid=0(root) groups=0(root)\n");
          }
          tty.write(attempt < 2 ? "Sorry, try again.\n" : "sudo: 3 incorrect password attempts\n");
        }
      } else if (command === "sudo -i") [user, directory] = ["root", "/root"];
      else tty.write(`sudo: ${command.slice(5)}: command not found\n`);
    }
    function print(command: string): void {
      const output = command === "pwd" ? directory : printed(exchanges, command);
      if (output === undefined) tty.write(`-bash: ${command.split(" ")[0]}: command not found\n`);
      else tty.write(command === "echo -n ready" ? output : ended(output));
    }
    await runShell(tty, {
      prompt: () => `${user}@gw:${where()}${user === "root" ? "#" : "$"} `,
      run: async (command) => {
        const [, path] = /^cd(?: (\S+))?$/.exec(command) ?? [, null];
        if (path !== null) directory = path ?? (user === "root" ? "/root" : "/home/admin");
        else if (isExit(command)) {
          tty.write("logout\n");
          if (user === "admin") return tty.close();
          [user, directory] = ["admin", "/home/admin"];
        } else if (command.startsWith("sudo")) await sudo(command);
        else if (command === "whoami") tty.write(`${user}\n`);
        else if (command === "rm -i old.txt") {
          await tty.ask("rm: remove regular file 'old.txt'? ");
        } else print(command);
      },
    });
  }

  return {
    name: "a Linux-like shell whose prompt follows the directory and whose files look like prompts",
    login,
    exchanges,
    dialogues,
    serve: play({
      offers: [SGA, STATUS, ECHO],
      // It also asks for ECHO, as telnetd does to detect 4.2BSD clients.
      asks: [TTYPE, TSPEED, NEW_ENVIRON, ECHO, NAWS],
      sendsAtOnce: 7,
    }, script),
  };
}

// 3. Line editors that wrap, break and scroll

const LONG_MATCH =
  "show route 10.0.0.0/8 longer-prefixes | include via 192.0.2.1, GigabitEthernet0/0/1";

/** Commands around 80 columns, for a prompt of the given width. */
function longCommands(prompt: number): readonly Exchange[] {
  const fill = (length: number) => `note ${"abcdefghi ".repeat(30)}`.slice(0, length - 1) + "x";
  return [
    { command: "show uptime", output: "up 12 days, 3:04" },
    { command: LONG_MATCH, output: "O  10.1.0.0/16 via 192.0.2.1\nO  10.2.0.0/16 via 192.0.2.1" },
    { command: fill(79 - prompt), output: "noted 1" },
    { command: fill(80 - prompt), output: "noted 2\n\nafter a blank line" },
    { command: fill(81 - prompt), output: "" },
    { command: fill(250 - prompt), output: "noted 4" },
    {
      command: "show log",
      output: list(64, (n) => n % 8 === 0 ? "" : `${pad(n, 3)} kernel: eth0: link > up # ${n}`)
        .trimEnd(),
    },
    { command: `${LONG_MATCH} # twice`, output: `${LONG_MATCH} # twice\nis not a filter` },
  ];
}

/** A device with nothing special but an editor for long lines. */
function longLines(
  { name, prompt, editor, pager, settings }: {
    readonly name: string;
    readonly prompt: string;
    readonly editor: Editor;
    readonly pager: Pager | undefined;
    readonly settings: LineSettings;
  },
): Manner {
  const login = { username: "operator", password: "wide screen" };
  const exchanges = longCommands(prompt.length);
  async function script(tty: Tty): Promise<void> {
    tty.write("\n");
    if (!await admits(tty, login, { username: "User: ", refusal: "Access denied.\n" })) return;
    await runShell(tty, {
      prompt: () => prompt,
      editor,
      run: async (command) => {
        if (isExit(command)) return tty.close();
        const output = printed(exchanges, command) ?? `Unknown command: ${command}`;
        if (pager === undefined) tty.write(ended(output));
        else await printPages(tty, output, pager);
      },
    });
  }
  return { name, login, exchanges, serve: play(settings, script) };
}

function wrapper(): Manner {
  return longLines({
    name: "an appliance whose line editor wraps the echo at the window's width by space and CR",
    prompt: "edge-lyon-2> ",
    editor: wrapping,
    pager: undefined,
    settings: { offers: [ECHO, SGA], asks: [NAWS], sendsAtOnce: 61 },
  });
}

function breaker(): Manner {
  return longLines({
    name: "a switch whose line editor breaks the echo by CR LF after 80 columns",
    prompt: "TL-SG3428#",
    editor: breaking,
    pager: {
      rows: 22,
      ask: () => "Press any key to continue (Q to quit)",
      erase: () => `\r${ESC}[K`,
    },
    settings: { offers: [ECHO, SGA] },
  });
}

function scroller(): Manner {
  const login = { username: "admin", password: "sideways" };
  const enable = "up";
  const prompt = "asa-1> ";
  const exchanges = longCommands(prompt.length);
  const dialogues: readonly Dialogue[] = [
    { command: "enable", answers: [{ ask: "Password:", answer: enable }], output: "" },
    { command: "show mode", answers: [], output: "Security context mode: single" },
  ];
  const pager: Pager = { rows: 23, ask: () => "<--- More --->", erase: overwrite };
  async function script(tty: Tty): Promise<void> {
    let enabled = false;
    tty.write("\n\nUser Access Verification\n\n");
    const gate: Gate = { editor: asStars, refusal: "\nUsername or password invalid\n" };
    if (!await admits(tty, login, gate)) return;
    tty.write("User admin logged in to asa-1\nLogins over the last 1 days: 12.\n");
    tty.write("Type help or '?' for a list of available commands.\n");
    await runShell(tty, {
      prompt: () => enabled ? "asa-1# " : prompt,
      editor: scrolling,
      run: async (command) => {
        if (isExit(command)) return tty.close();
        if (command === "enable") {
          enabled = await tty.ask("Password: ", asStars) === enable;
          return enabled ? undefined : tty.write("Invalid password\n");
        }
        const output = command === "show mode"
          ? "Security context mode: single"
          : printed(exchanges, command);
        await printPages(tty, output ?? "ERROR: % Invalid input detected", pager);
      },
    });
  }
  return {
    name:
      "an ASA-like firewall whose line editor scrolls sideways and whose passwords show as stars",
    login,
    enable,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [NAWS], sendsAtOnce: 100 }, script),
  };
}

// 4. Terminals full of escape sequences

const COLOURS_OFF = `${ESC}[0m`;

function colourfulList(): Exchange {
  const names = ["bin", "boot", "dev", "etc", "home"];
  return {
    command: "ls --color",
    output: names.join("  "),
    sent: COLOURS_OFF +
      names.map((name) => `${ESC}[01;34m${name}${COLOURS_OFF}`).join("  ") + `${ESC}[m${ESC}[K`,
  };
}

function colourfulShell(): Manner {
  const login = { username: "dev", password: "rainbow" };
  const exchanges: readonly Exchange[] = [
    colourfulList(),
    { command: "true", output: "" },
    {
      command: "grep -n --color=always root passwd",
      output: "1:root:x:0:0:root:/root:/bin/bash",
      sent: `${ESC}[32m${ESC}[K1${ESC}[m${ESC}[K${ESC}[36m${ESC}[K:${ESC}[m${ESC}[K` +
        `${ESC}[01;31m${ESC}[Kroot${ESC}[m${ESC}[K:x:0:0:${ESC}[01;31m${ESC}[Kroot${ESC}[m` +
        `${ESC}[K:/${ESC}[01;31m${ESC}[Kroot${ESC}[m${ESC}[K:/bin/bash`,
    },
    {
      command: "dmesg --color",
      output: list(70, (n) => n % 10 === 0 ? "" : `[    ${n}.000000] usb ${n}: new device > # $`)
        .trimEnd(),
      sent: list(
        70,
        (n) =>
          n % 10 === 0
            ? ESC + "[0m"
            : `${ESC}[32m[    ${n}.000000] ${ESC}[0m${ESC}[33musb ${n}${ESC}[0m: new device > # $`,
      ).replace(/\n[^\n]*$/, ""),
    },
    {
      command: "links",
      output: "see the manual",
      sent: `see ${ESC}]8;;https://help.example/${ESC}\\the manual${ESC}]8;;${ESC}\\`,
    },
    { command: "cat prompts", output: "dev@box:~$ ls\n\ndev@box:~$" },
  ];
  const prompt = "dev@box:~$ ";
  async function script(tty: Tty): Promise<void> {
    tty.write(`${ESC}[H${ESC}[J${ESC}[1;37;44m Box OS ${COLOURS_OFF}\n\n`);
    const gate: Gate = {
      username: `${ESC}[1mbox login:${COLOURS_OFF} `,
      password: `${ESC}[1mPassword:${COLOURS_OFF} `,
      refusal: `${ESC}[31mLogin incorrect${COLOURS_OFF}\n\n`,
    };
    if (!await admits(tty, login, gate)) return;
    await runShell(tty, {
      prompt: () => prompt,
      editor: clearing,
      showPrompt: () =>
        tty.write(
          `${ESC}[?2004h${ESC}]0;dev@box: ~ # $ >${BELL}${ESC}[01;32mdev@box${ESC}[00m:` +
            `${ESC}[01;34m~${ESC}[00m$ ${ESC}[K`,
        ),
      run: (command) => {
        if (isExit(command)) return tty.close();
        tty.write(ended(printed(exchanges, command) ?? `-bash: ${command}: command not found`));
      },
    });
  }
  return {
    name: "a shell with a coloured prompt, window titles and bracketed paste",
    login,
    exchanges,
    serve: play({
      offers: [ECHO, SGA],
      asks: [TTYPE],
      sendsAtOnce: 5,
      enter: `\n${ESC}[?2004l\r`,
    }, script),
  };
}

function routerOs(): Manner {
  const login = { username: "admin", password: "mikrotik" };
  const exchanges: readonly Exchange[] = [
    {
      command: "/system identity print",
      output: "  name: MikroTik",
      sent: `  ${ESC}[m${ESC}[32mname${ESC}[m: MikroTik${ESC}[K`,
    },
    {
      command: "/ip address print",
      output: `\
Flags: X - disabled, I - invalid, D - dynamic
 #   ADDRESS            NETWORK         INTERFACE
 0   192.168.88.1/24    192.168.88.0    bridge
 1 D 10.0.0.7/24        10.0.0.0        ether1`,
    },
    {
      command: "/export",
      output: "# mar/04/2024 10:15:42 by RouterOS 6.49.10\n#\n\n/ip address\nadd interface=bridge",
    },
    { command: "/ip address", output: "" },
    { command: "print count-only", output: "2" },
    { command: "/", output: "" },
    {
      command: "/log print",
      output: list(66, (n) => `mar/04 10:${pad(n % 60)}:00 system,info [admin@MikroTik] > ${n}`),
    },
    { command: "/quit-not", output: "bad command name quit-not (line 1 column 2)" },
  ];
  const dialogues: readonly Dialogue[] = [
    {
      command: "/system reboot",
      answers: [{ ask: "Reboot, yes? [y/N]:", answer: "n" }],
      output: "action cancelled",
    },
  ];
  async function script(tty: Tty): Promise<void> {
    let menu = "";
    tty.write("MikroTik 6.49.10 (long-term)\n");
    const gate: Gate = {
      username: "Login: ",
      refusal: "Login failed, incorrect username or password\n\n",
    };
    if (!await admits(tty, login, gate)) return;
    tty.write(`
  MMM      MMM       KKK                          TTTTTTTTTTT      KKK
  MMMM    MMMM       KKK                          TTTTTTTTTTT      KKK
  MMM  MM  MMM  III  KKKKK     RRR  RRR   OOOOOO      TTT     III  KKKKK

[?]             Gives the list of available commands
command [?]     Gives help on the command and list of arguments >

`);
    // It measures the window, waits a little for an answer, and goes on without one.
    tty.write(`${ESC}[999;999H${ESC}[6n`);
    for (let times = 0; times < 4; times++) await tty.pause();
    tty.write("\n");
    async function showPrompt(prompt: string): Promise<void> {
      tty.write(`\r${ESC}[m${ESC}[K${ESC}[6n\r\r\r\r${prompt}`);
      await tty.pause();
      tty.write(`\r${prompt}${ESC}[K`);
      await tty.breathe();
      tty.write(`${"\r".repeat(4)}${ESC}[m${prompt}${ESC}[K`);
    }
    await runShell(tty, {
      prompt: () => menu === "" ? "[admin@MikroTik] > " : `[admin@MikroTik] ${menu}> `,
      showPrompt,
      editor: repainting,
      run: async (command) => {
        if (isExit(command.replace("/", ""))) return tty.close();
        if (command === "/") menu = "";
        else if (command === "/ip address") menu = "/ip address";
        else if (command === "/system reboot") {
          const yes = await tty.ask("Reboot, yes? [y/N]: ") === "y";
          if (yes) return tty.close();
          tty.write("action cancelled\n");
        } else {
          const unknown = `bad command name ${command} (line 1 column 1)`;
          tty.write(ended(printed(exchanges, command) ?? unknown));
        }
      },
    });
  }
  return {
    name: "a RouterOS-like router that draws its prompt and each command again and again",
    login,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [TTYPE, NAWS] }, script),
  };
}

function zsh(): Manner {
  const login = { username: "mia", password: "zzz" };
  const exchanges: readonly Exchange[] = [
    { command: "uname", output: "FreeBSD" },
    { command: "date -u", output: "Mon Mar  4 10:15:42 UTC 2024" },
    { command: ":", output: "" },
    { command: "df", output: "/dev/ada0p2   93%   /\n\n/dev/ada0p3   100%  /var" },
    { command: "jot 61", output: list(61, (n) => `${n}%`) },
    { command: "fortune", output: "%\nAn apple a day – 🍎 – keeps the doctor away.\n%" },
  ];
  async function script(tty: Tty): Promise<void> {
    tty.write("\nFreeBSD/amd64 (host) (pts/0)\n\n");
    const gate: Gate = { username: "login: ", password: "Password:", refusal: "Login incorrect\n" };
    if (!await admits(tty, login, gate)) return;
    await runShell(tty, {
      prompt: () => "host% ",
      // A `%` and a row of spaces, so that the prompt always starts a row.
      showPrompt: (prompt) =>
        tty.write(
          `${ESC}[1m${ESC}[7m%${ESC}[27m${ESC}[1m${ESC}[0m${" ".repeat(tty.columns - 1)}\r \r` +
            `\r${ESC}[0m${ESC}[27m${ESC}[24m${ESC}[J${prompt}${ESC}[K${ESC}[?2004h`,
        ),
      editor: colouring,
      run: (command) => {
        if (isExit(command)) return tty.close();
        tty.write(ended(printed(exchanges, command) ?? `zsh: command not found: ${command}`));
      },
    });
  }
  return {
    name: "a zsh that marks a missing line end by % and colours the command while it is typed",
    login,
    exchanges,
    serve: play({
      offers: [ECHO, SGA],
      asks: [TTYPE, NAWS],
      sendsAtOnce: 33,
      enter: `${ESC}[?2004l\r\r\n`,
    }, script),
  };
}

// 5. A bare # as the prompt

function hashes(): Manner {
  const login = { username: "root", password: "toor" };
  const exchanges: readonly Exchange[] = [
    { command: "hostname", output: "probe-3" },
    {
      command: "cat rc.conf",
      output: "#\n# rc.conf\n#\n\nhostname=probe-3 # not a prompt\n#\n#end",
    },
    { command: "sync", output: "" },
    { command: "dmesg", output: list(62, (n) => n % 4 === 0 ? "#" : `# ${n} irq > ${n}`) },
    { command: "echo '#'", output: "#" },
  ];
  async function script(tty: Tty): Promise<void> {
    tty.write("#");
    await tty.pause();
    tty.write("################\n# ");
    await tty.pause();
    tty.write("The probe\n################\n");
    if (!await admits(tty, login, { username: "probe-3 login: ", refusal: "Login incorrect\n" })) {
      return;
    }
    const banner = ["#", " Welcome\n", "#", " Mind the prompts: # ", "\n", "maintenance > "];
    for (const part of [...banner, "till noon\n", "#", "\n", "> ", "or later\n", "#"]) {
      tty.write(part);
      await tty.pause();
    }
    tty.write(" end of the banner\n\n");
    await runShell(tty, {
      prompt: () => "#",
      run: (command) => {
        if (isExit(command)) return tty.close();
        tty.write(ended(printed(exchanges, command) ?? `sh: ${command}: not found`));
      },
    });
  }
  return {
    name: "a probe whose prompt is a bare # and whose banners stop after # and >",
    login,
    exchanges,
    serve: play({ offers: [ECHO, SGA] }, script),
  };
}

// 6. Devices without Telnet and echo

const DUMB_EXCHANGES: readonly Exchange[] = [
  { command: "temp", output: "21.5 C" },
  { command: "help", output: "help\nrelay\ntemp\n\n> is the prompt" },
  { command: "relay 1 on", output: "" },
  { command: "dump", output: list(60, (n) => `${pad(n, 4)}: ${"00 ff ".repeat(8).trim()}`) },
  { command: "relay", output: "relay\n1 on\n2 off" },
  { command: "nonsense", output: "?" },
];

/** A device behind a plain TCP port. */
function dumb(name: string, login: Manner["login"], settings: LineSettings): Manner {
  const dialogues: readonly Dialogue[] = [
    { command: "reset", answers: [{ ask: "sure (y/n)? ", answer: "n" }], output: "not done" },
  ];
  async function script(tty: Tty): Promise<void> {
    const gate: Gate = { username: "login: ", password: "password: ", refusal: "bad login\n" };
    if (!await admits(tty, login, gate)) return;
    tty.write("ok\n");
    await runShell(tty, {
      prompt: () => "> ",
      run: async (command) => {
        if (isExit(command)) return tty.close();
        if (command === "reset") {
          tty.write(await tty.ask("sure (y/n)? ") === "y" ? "done\n" : "not done\n");
        } else tty.write(ended(printed(DUMB_EXCHANGES, command) ?? "?"));
      },
    });
  }
  return {
    name,
    login,
    exchanges: DUMB_EXCHANGES,
    dialogues,
    serve: play({ ...settings, echo: false }, script),
  };
}

function plainPort(): Manner {
  return dumb(
    "a relay card that never negotiates, echoes nothing and ends lines by LF alone",
    { username: "guest", password: "guest" },
    { newline: "\n", telnet: "ignored" },
  );
}

function serialPort(): Manner {
  return dumb(
    "a serial port on raw TCP that takes Telnet commands for input and ends lines by LF CR",
    { username: "operator", password: "" },
    { newline: "\n\r", telnet: "unknown", sendsAtOnce: 1 },
  );
}

// 7. Huawei and H3C

const HUAWEI_CONFIG = `\
#
 version 7.1.070, Release 6312
#
 sysname HW
#
${
  list(
    18,
    (n) =>
      `interface GigabitEthernet1/0/${n}
 port link-mode bridge
 description 上海机房-核心-${n} <HW>
#`,
  )
}
 return to <HW> by [Ctrl+Z] or [Y/N]:
[HW]
<HW>
#
return`;

function huawei(): Manner {
  const login = { username: "netops", password: "Huawei@123" };
  const exchanges: readonly Exchange[] = [
    { command: "display clock", output: "2024-03-04 10:15:42+08:00\nMonday\nTime Zone : UTC+8" },
    { command: "undo terminal monitor", output: "" },
    { command: "display current-configuration", output: HUAWEI_CONFIG },
    {
      command: "dispaly version",
      output: "     ^\nError: Unrecognized command found at '^' position.",
    },
    { command: "system-view", output: "Enter system view, return user view with Ctrl+Z." },
    { command: "interface GigabitEthernet1/0/1", output: "" },
    {
      command: "display this",
      output: "#\ninterface GigabitEthernet1/0/1\n\n undo shutdown\n#\nreturn",
    },
    { command: "quit", output: "" },
    { command: "return", output: "" },
  ];
  const dialogues: readonly Dialogue[] = [
    {
      command: "save",
      answers: [{ ask: "Are you sure? [Y/N]:", answer: "Y" }],
      output: "Now saving the current configuration to the slot 0..\n\n" +
        "Save the configuration successfully.",
    },
    {
      command: "reset saved-configuration",
      answers: [{ ask: "Are you sure? [Y/N]:", answer: "N" }],
      output: "",
    },
    { command: "display clock", answers: [], output: exchanges[0]?.output ?? "" },
  ];
  const pager: Pager = {
    rows: 22,
    ask: () => "  ---- More ----",
    erase: () => `${ESC}[16D${" ".repeat(16)}${ESC}[16D`,
  };
  async function script(tty: Tty): Promise<void> {
    /** The views entered, without the user view. */
    const views: string[] = [];
    tty.write("\nLogin authentication\n\n\n");
    const gate: Gate = {
      username: "Username:",
      password: "Password:",
      refusal: "Error: The username or password is invalid.\n",
      farewell: "Logged Fail!\n",
    };
    if (!await admits(tty, login, gate)) return;
    tty.write(`\
Info: The max number of VTY users is 15, and the number
      of current VTY users on line is 1.
      The current login time is 2024-03-04 10:15:42+08:00.
`);
    async function save(): Promise<void> {
      const yes = /^y/i.test(await tty.ask("Are you sure? [Y/N]:"));
      if (!yes) return;
      tty.write("Now saving the current configuration to the slot 0");
      for (let dots = 0; dots < 2; dots++) {
        await tty.pause();
        tty.write(".");
      }
      tty.write("\n\nSave the configuration successfully.\n");
    }
    function enterOrLeave(command: string): boolean {
      if (command === "system-view" && views.length === 0) {
        views.push("HW");
        tty.write("Enter system view, return user view with Ctrl+Z.\n");
      } else if (command.startsWith("interface ") && views.length > 0) {
        views.push(`HW-${command.slice("interface ".length)}`);
      } else if (command === "quit" && views.length > 0) views.pop();
      else if (command === "return" && views.length > 0) views.length = 0;
      else return false;
      return true;
    }
    await runShell(tty, {
      prompt: () => views.length === 0 ? "<HW>" : `[${views.at(-1)}]`,
      run: async (command) => {
        if (enterOrLeave(command)) return;
        if (isExit(command)) return tty.close();
        if (command === "save") return await save();
        if (command === "reset saved-configuration") {
          await tty.ask("Are you sure? [Y/N]:");
          return;
        }
        const unknown = "    ^\nError: Unrecognized command found at '^' position.";
        await printPages(tty, printed(exchanges, command) ?? unknown, pager);
      },
    });
  }
  return {
    name: "a Huawei-like switch with <prompts>, [views] and a pager that moves the cursor",
    login,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [TTYPE, NAWS], sendsAtOnce: 13 }, script),
  };
}

// 8. Junos

function junos(): Manner {
  const login = { username: "admin", password: "juniper1" };
  const exchanges: readonly Exchange[] = [
    {
      command: "show system uptime",
      output: "Current time: 2024-03-04 10:15:42 UTC\n\n 10:15AM up 9 days",
    },
    {
      command: "show interfaces descriptions",
      output: list(75, (n) => n % 25 === 0 ? "" : `ge-0/0/${n}       up    up   to admin@mx> ${n}`)
        .trimEnd(),
    },
    { command: "set cli idle-timeout 0", output: "Idle timeout disabled" },
    { command: "clear log", output: "" },
    {
      // Junos echoes the words in full, so the echo differs from the typed text.
      command: "sh int terse",
      output: "Interface  Admin Link Proto\nge-0/0/0   up    up\n\nlo0        up    up",
    },
    {
      command: "show log prompts",
      output: "first\n\n{master:0}\nadmin@mx> show log\n\n{master:0}[edit]\nadmin@mx#\nlast",
    },
    // Exactly two pages: the pager stops once more, after the last line.
    {
      command: "show route",
      output: list(48, (n) => `10.${n}.0.0/16     *[OSPF/10] 1w2d > via ge-0/0/${n}.0`),
    },
    { command: "show vresion", output: "          ^\nsyntax error, expecting <command>." },
  ];
  const dialogues: readonly Dialogue[] = [
    { command: "configure", answers: [], output: "Entering configuration mode" },
    { command: "edit system login", answers: [], output: "" },
    {
      command: "set user bob authentication plain-text-password",
      answers: [
        { ask: "New password:", answer: "bob's secret" },
        { ask: "Retype new password:", answer: "bob's secret" },
      ],
      output: "",
    },
    { command: "top", answers: [], output: "" },
    { command: "commit", answers: [], output: "configuration check succeeds\ncommit complete" },
    { command: "exit", answers: [], output: "Exiting configuration mode" },
    {
      command: "request system reboot",
      answers: [{ ask: "Reboot the system ? [yes,no] (no)", answer: "no" }],
      output: "",
    },
  ];
  const pager: Pager = {
    rows: 24,
    ask: (percent) => percent === 0 ? "---(more)---" : `---(more ${percent}%)---`,
    erase: () => overwrite(" ".repeat(40)),
    stopsAtEnd: true,
  };
  async function script(tty: Tty): Promise<void> {
    /** The configuration level; `undefined` outside of it. */
    let level: string | undefined;
    tty.write("\nmx (ttyp0)\n\n");
    const gate: Gate = { username: "login: ", password: "Password:", refusal: "Login incorrect\n" };
    if (!await admits(tty, login, gate)) return;
    tty.write("\n--- JUNOS 18.2R1.9 Kernel 64-bit  JNPR-11.0-20180614.6c3f819_buil\n");
    async function runConfig(command: string): Promise<boolean> {
      if (command.startsWith("edit ")) level = ` ${command.slice(5)}`;
      else if (command === "top") level = "";
      else if (command === "commit") {
        tty.write("configuration check succeeds\n");
        await tty.pause();
        tty.write("commit complete\n");
      } else if (command === "exit") {
        level = undefined;
        tty.write("Exiting configuration mode\n");
      } else if (command.endsWith(" plain-text-password")) {
        const first = await tty.ask("New password:", hidden);
        const second = await tty.ask("Retype new password:", hidden);
        if (first !== second) tty.write("error: Passwords are not equal; aborting\n");
      } else return false;
      return true;
    }
    await runShell(tty, {
      prompt: () => level === undefined ? "admin@mx> " : "admin@mx# ",
      showPrompt: (prompt) =>
        tty.write(`\n{master:0}${level === undefined ? "" : `[edit${level}]`}\n${prompt}`),
      editor: completing,
      run: async (command) => {
        if (level !== undefined && await runConfig(command)) return;
        if (isExit(command)) return tty.close();
        if (command === "configure") {
          level = "";
          tty.write("Entering configuration mode\n");
        } else if (command === "request system reboot") {
          if (await tty.ask("Reboot the system ? [yes,no] (no) ") === "yes") return tty.close();
        } else {
          const unknown = "          ^\nunknown command.";
          await printPages(tty, printed(exchanges, command) ?? unknown, pager);
        }
      },
    });
  }
  return {
    name: "a Junos-like router with a prompt on two lines that completes words as they are typed",
    login,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [TTYPE, NAWS], sendsAtOnce: 97 }, script),
  };
}

// 9. A console server

function consoleServer(): Manner {
  const login = { password: "c0nsole" };
  const slow = list(
    80,
    (n) =>
      n === 40 ? "console:> is not the prompt" : n % 20 === 0 ? "" : `port ${n} console:> idle`,
  ).trimEnd();
  const exchanges: readonly Exchange[] = [
    { command: "ver", output: "v2.11" },
    { command: "ports", output: slow },
    { command: "mute", output: "" },
    { command: "who", output: "console:>\nnobody\n\nconsole:> who" },
    { command: "bogus", output: "Unknown command" },
  ];
  const dialogues: readonly Dialogue[] = [
    {
      command: "boot",
      answers: [{ ask: "Boot now (yes/no): ", answer: "no" }],
      output: "Cancelled",
    },
  ];
  async function script(tty: Tty): Promise<void> {
    // It is silent until Enter.
    await tty.readLine(hidden, "");
    const gate: Gate = { refusal: "Bad password\n", farewell: "Bye\n" };
    if (!await admits(tty, login, gate)) return;
    /** Sends about three characters at a time, like a serial line, and pauses before `is not`. */
    async function drip(output: string): Promise<void> {
      for (const [part] of ended(output).matchAll(/console:> (?=is not)|[^c]{1,3}|c/g)) {
        tty.write(part);
        if (part.length > 3) await tty.pause();
        else await tty.breathe();
      }
    }
    await runShell(tty, {
      prompt: () => "console:> ",
      run: async (command) => {
        if (isExit(command)) return tty.close();
        if (command === "boot") {
          if (await tty.ask("Boot now (yes/no): ") === "yes") return tty.close();
          tty.write("Cancelled\n");
        } else await drip(printed(exchanges, command) ?? "Unknown command");
      },
    });
  }
  return {
    name: "a console server that is silent until Enter, asks a password alone and drips its output",
    login,
    exchanges,
    dialogues,
    serve: play({ enter: "\r\0\n", telnet: "ignored" }, script),
  };
}

// 10. Fortinet

function fortinet(): Manner {
  const login = { username: "admin", password: "F0rti!" };
  const key = list(3, (n) => `set private-key-${n} "${"0123456789abcdef".repeat(18)}"`);
  const exchanges: readonly Exchange[] = [
    {
      command: "get system status",
      output: "Version: FortiGate-VM64 v7.2.0\n\nHostname: FGT\nFIPS-CC mode: off",
    },
    {
      command: "show full-configuration",
      output: `\
#config-version=FGVMK6-7.2.0-FW-build1157-220331:opmode=0:vdom=0:user=admin
#conf_file_ver=188822164316419
#global_vdom=1
config system global
    set hostname "FGT"
    set comment "--More-- or FGT # in a comment, naïve – ünïcode"
${key}
end

${list(60, (n) => n % 12 === 0 ? "#" : `# rule ${n} #`)}
FGT # end of it`,
    },
    { command: "config system interface", output: "" },
    { command: "edit port1", output: "" },
    { command: 'set alias "a # b > c"', output: "" },
    { command: "end", output: "" },
    {
      command: "get nothing",
      output: "command parse error before 'nothing'\nCommand fail. Return code -61",
    },
    { command: "get system serial", output: "serial: FGVM010000000000 #" },
  ];
  const dialogues: readonly Dialogue[] = [
    {
      // One key is the answer; the Enter after it gives another prompt.
      command: "execute reboot",
      answers: [{ ask: "Do you want to continue? (y/n)", answer: "n" }],
      output: "",
    },
    {
      command: "get system serial",
      answers: [],
      output: "serial: FGVM010000000000 #",
    },
  ];
  const pager: Pager = {
    rows: 23,
    ask: () => "--More-- ",
    erase: () => `\r${" ".repeat(9)}\r`,
  };
  async function script(tty: Tty): Promise<void> {
    let views: string[] = [];
    const gate: Gate = { username: "FGT login: ", refusal: "Login incorrect\n\n" };
    if (!await admits(tty, login, gate)) return;
    tty.write("Welcome!\n\nWARNING: File System Check Recommended! # Reboot > check >\n\n");
    async function reboots(): Promise<boolean> {
      tty.write("Do you want to continue? (y/n)");
      const key = await tty.readKey();
      tty.write(key >= " " ? `${key}\n` : "\n");
      return /y/i.test(key);
    }
    await runShell(tty, {
      prompt: () => views.length === 0 ? "FGT # " : `FGT (${views.at(-1)}) # `,
      showPrompt: (prompt) => {
        tty.write(prompt.slice(0, 4));
        tty.write(prompt.slice(4));
      },
      run: async (command) => {
        if (views.length === 0 && isExit(command)) return tty.close();
        const [, kind, name] = /^(config|edit) .*?(\S+)$/.exec(command) ?? [];
        if (kind === "config" || kind === "edit" && views.length > 0) views.push(name ?? "");
        else if (command === "end") views = [];
        else if (command === "next") views.pop();
        else if (command === "execute reboot") {
          if (await reboots()) return tty.close();
        } else {
          const unknown = "Unknown action 0\nCommand fail. Return code -1";
          await printPages(tty, printed(exchanges, command) ?? unknown, pager);
        }
        tty.write("\n");
      },
    });
  }
  return {
    name: "a Fortinet-like firewall whose prompt ends in ' # ', with lines of 300 characters",
    login,
    exchanges,
    dialogues,
    serve: play({ offers: [ECHO, SGA], asks: [TTYPE], sendsAtOnce: 211 }, script),
  };
}

// 11. A half-duplex host

function halfDuplex(): Manner {
  const login = { username: "SYSTEM", password: "MANAGER" };
  const exchanges: readonly Exchange[] = [
    { command: "SHOW TIME", output: "   4-MAR-2024 10:15:42" },
    { command: "SET DEFAULT SYS$SYSDEVICE:[TOOLS]", output: "" },
    {
      command: "DIRECTORY",
      output: `\
Directory SYS$SYSDEVICE:[TOOLS]

${list(60, (n) => `FILE_${pad(n)}.COM;1        $ ${n}`)}

Total of 60 files.`,
    },
    { command: "TYPE PROMPT.TXT", output: "$\n$ SHOW TIME\n\nUsername:" },
    {
      command: "FOO",
      output: "%DCL-W-IVVERB, unrecognized command verb - check validity and spelling\n \\FOO\\",
    },
  ];
  async function script(tty: Tty): Promise<void> {
    tty.write("\n Welcome to OpenVMS (TM) VAX Operating System, Version V7.3\n\n");
    const goAhead = () => tty.send(Uint8Array.of(IAC, GA));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      tty.write("Username: ");
      goAhead();
      const username = await tty.readLine(hidden, "");
      // The client echoes input, but must not echo the password.
      tty.offer(ECHO);
      tty.write("Password: ");
      goAhead();
      const password = await tty.readLine(hidden, "");
      tty.withdraw(ECHO);
      tty.write("\n");
      if (username === login.username && password === login.password) return await commands(tty);
      tty.write("User authorization failure\n\n");
    }
  }
  async function commands(tty: Tty): Promise<void> {
    tty.write("    Last interactive login on Friday,  1-MAR-2024 09:00\n\n");
    await runShell(tty, {
      prompt: () => "$ ",
      showPrompt: (prompt) => {
        tty.write(prompt);
        tty.send(Uint8Array.of(IAC, GA));
      },
      run: (command) => {
        if (isExit(command.toLowerCase())) return tty.close();
        const unknown = `%DCL-W-IVVERB, unrecognized command verb\n \\${command}\\`;
        tty.write(ended(printed(exchanges, command) ?? unknown));
      },
    });
  }
  return {
    name:
      "a half-duplex host that leaves echo to the client, except for the password, and sends GA",
    login,
    exchanges,
    serve: play({ echo: false }, script),
  };
}

/** All devices. */
export const MANNERS: readonly Manner[] = [
  cisco(),
  linux(),
  wrapper(),
  breaker(),
  scroller(),
  colourfulShell(),
  routerOs(),
  zsh(),
  hashes(),
  plainPort(),
  serialPort(),
  huawei(),
  junos(),
  consoleServer(),
  fortinet(),
  halfDuplex(),
];
