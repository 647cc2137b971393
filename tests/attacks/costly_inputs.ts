/**
 * The inputs that cost a server most per byte. `costs.ts` prints the cost of a byte of each; a test
 * checks that the work grows linearly with the size.
 */
import type { ListenOptions, TelnetClient } from "../../mod.ts";
import {
  CHARSET,
  ECHO,
  encodeCharsetRequest,
  encodeEnvironIs,
  encodeGmcp,
  encodeZmp,
  GMCP,
  LINEMODE,
  LOGOUT,
  MCCP3,
  MSDP,
  NAWS,
  NEW_ENVIRON,
  SGA,
  STATUS,
  TIMING_MARK,
  TTYPE,
  ZMP,
} from "../../src/options/mod.ts";
import { joinBytes } from "../../src/protocol/bytes.ts";
import { AYT, DO, DONT, EC, EL, IAC, NOP, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";

/** A costly input. */
export interface CostlyInput {
  readonly name: string;
  readonly options?: ListenOptions;
  /** What the game does with a new client. */
  greet?(client: TelnetClient): void;
  /** What the client sends first, not measured: negotiations, an editor line of the given size. */
  before?(size: number): Uint8Array;
  /** The measured input, proportional to the size. */
  input(size: number): Uint8Array;
}

const utf8 = new TextEncoder();

/** Joins texts, single bytes and byte arrays. */
export function bytes(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return joinBytes(parts.map((part) => typeof part === "string" ? utf8.encode(part) : part));
}

/** The parts repeated, up to `size` bytes. */
function filled(size: number, ...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  const once = bytes(...parts);
  const times = Math.max(1, Math.floor(size / once.length));
  const all = new Uint8Array(times * once.length);
  for (let at = 0; at < all.length; at += once.length) all.set(once, at);
  return all;
}

function subnegotiation(option: number, payload: Uint8Array): Uint8Array {
  const escaped = [...payload].flatMap((byte) => byte === IAC ? [IAC, IAC] : [byte]);
  return bytes(IAC, SB, option, Uint8Array.from(escaped), IAC, SE);
}

/** The length of the longest line of an editor in the measurements: it is allowed by default. */
export const LINE = 4_000;
const KEYS = bytes(IAC, DO, ECHO, IAC, DO, SGA);
const edits: Pick<CostlyInput, "greet"> = { greet: (client) => client.useEditor() };
/** An editor whose line is a repeated text. */
const editing = (text: string, keys = ""): Pick<CostlyInput, "greet" | "before"> => ({
  ...edits,
  before: (size) => bytes(KEYS, text.repeat(Math.ceil(size / text.length)), keys),
});
const agreed = (options: NonNullable<ListenOptions["telnetOptions"]>, ...says: number[]) => ({
  options: { telnetOptions: options },
  before: () => Uint8Array.from(says),
});

/** All costly inputs. */
export const COSTLY_INPUTS: readonly CostlyInput[] = [
  { name: "short lines", input: (size) => filled(size, "look\r\n") },
  { name: "lines of one character", input: (size) => filled(size, "a\n") },
  { name: "empty lines", input: (size) => filled(size, "\n") },
  { name: "a line without end", input: (size) => filled(size, "a") },
  { name: "combining marks without end", input: (size) => bytes("a", "\u0301".repeat(size / 2)) },
  {
    name: "backspaces over combining marks",
    before: (size) => bytes("a", "\u0301".repeat(size / 4)),
    input: (size) => filled(size / 4, 8),
  },
  { name: "EC and EL", input: (size) => filled(size, "abcdefgh", IAC, EC, IAC, EL) },
  { name: "an escape sequence without end", input: (size) => bytes("\x1b[", "0".repeat(size)) },
  { name: "a title without end", input: (size) => bytes("\x1b]", "0".repeat(size)) },
  { name: "C1 controls", input: (size) => filled(size, "\u009b\u0090\u009d") },
  { name: "NOP", input: (size) => filled(size, IAC, NOP) },
  { name: "AYT", input: (size) => filled(size, IAC, AYT) },
  {
    name: "every option asked for and refused",
    input(size) {
      const codes = Array.from({ length: 64 }, (_, code) => code).filter((code) =>
        code !== LOGOUT && code !== TIMING_MARK
      );
      const all = codes.flatMap((code) => [IAC, DO, code, IAC, DONT, code]);
      return filled(size, Uint8Array.from(all));
    },
  },
  {
    name: "an option offered and taken back",
    input: (size) => filled(size, IAC, WILL, NAWS, IAC, WONT, NAWS),
  },
  { name: "empty subnegotiations", input: (size) => filled(size, IAC, SB, 99, IAC, SE) },
  {
    name: "a subnegotiation without end",
    input: (size) => bytes(IAC, SB, 99, filled(size, "x", IAC, IAC)),
  },
  {
    name: "windows of other sizes, in an editor",
    ...editing("é"),
    input: (size) =>
      bytes(
        IAC,
        WILL,
        NAWS,
        filled(
          size,
          subnegotiation(NAWS, Uint8Array.of(0, 20, 0, 24)),
          subnegotiation(NAWS, Uint8Array.of(0, 80, 0, 24)),
        ),
      ),
  },
  {
    name: "windows of other sizes, while the server echoes half a line",
    greet: (client) => client.requestWillEcho(),
    before: (size) => bytes(IAC, DO, ECHO, IAC, WILL, NAWS, "é".repeat(size)),
    input: (size) =>
      filled(
        size,
        subnegotiation(NAWS, Uint8Array.of(0, 20, 0, 24)),
        "a",
        subnegotiation(NAWS, Uint8Array.of(0, 80, 0, 24)),
        "\b",
      ),
  },
  { name: "AYT, in an editor", ...editing("é"), input: (size) => filled(size, IAC, AYT) },
  {
    name: "AYT, while the server echoes half a line",
    greet: (client) => client.requestWillEcho(),
    before: (size) => bytes(IAC, DO, ECHO, "a".repeat(size)),
    input: (size) => filled(size, IAC, AYT),
  },
  {
    name: "character sets, to and fro, in an editor",
    options: { telnetOptions: { charset: true } },
    ...edits,
    before: () => bytes(KEYS, IAC, WILL, CHARSET, "é日".repeat(LINE / 4)),
    input: (size) =>
      filled(
        size / 16,
        subnegotiation(CHARSET, encodeCharsetRequest(["BIG5"])),
        subnegotiation(CHARSET, encodeCharsetRequest(["UTF-8"])),
      ),
  },
  {
    name: "TERMINAL-TYPE, again and again",
    ...agreed({ terminalType: true }, IAC, WILL, TTYPE),
    input: (size) => filled(size, subnegotiation(TTYPE, bytes(0, "XTERM"))),
  },
  {
    name: "NEW-ENVIRON with many variables",
    ...agreed({ newEnviron: true }, IAC, WILL, NEW_ENVIRON),
    input: (size) =>
      filled(
        size,
        subnegotiation(
          NEW_ENVIRON,
          encodeEnvironIs(
            Array.from({ length: 20 }, (_, index) => ({
              name: `V${index}`,
              value: "x".repeat(40),
              user: true,
            })),
          ),
        ),
      ),
  },
  {
    name: "MSDP: a variable of many values",
    ...agreed({ msdp: { variables: {} } }, IAC, DO, MSDP),
    input: (size) => subnegotiation(MSDP, bytes(1, "A", filled(Math.min(size, 16_000), 2, "b"))),
  },
  {
    name: "MSDP: LIST",
    ...agreed({ msdp: { variables: {} } }, IAC, DO, MSDP),
    input: (size) => filled(size, subnegotiation(MSDP, bytes(1, "LIST", 2, "COMMANDS"))),
  },
  {
    name: "GMCP nested as deep as can be",
    ...agreed({ gmcp: true }, IAC, DO, GMCP),
    input: (size) =>
      filled(size, subnegotiation(GMCP, bytes(`A ${"[".repeat(2_000)}${"]".repeat(2_000)}`))),
  },
  {
    name: "GMCP: Core.Supports.Add",
    ...agreed({ gmcp: true }, IAC, DO, GMCP),
    input(size) {
      const packages = Array.from({ length: 40 }, (_, index) => `Package${index} 1`);
      return filled(size, subnegotiation(GMCP, encodeGmcp("Core.Supports.Add", packages)));
    },
  },
  {
    name: "ZMP with many arguments",
    ...agreed({ zmp: true }, IAC, DO, ZMP),
    input: (size) => filled(size, subnegotiation(ZMP, encodeZmp("a.b", new Array(500).fill("x")))),
  },
  {
    name: "CHARSET with many names",
    ...agreed({ charset: true }, IAC, WILL, CHARSET),
    input(size) {
      const names = Array.from({ length: 100 }, (_, index) => `NONE-${index}`);
      return filled(size, subnegotiation(CHARSET, encodeCharsetRequest(names)));
    },
  },
  {
    name: "LINEMODE: keys",
    ...agreed({ linemode: true }, IAC, WILL, LINEMODE),
    input(size) {
      const keys = Array.from({ length: 30 }, (_, index) => [index % 18 + 1, 2, 3]).flat();
      return filled(size, subnegotiation(LINEMODE, Uint8Array.of(3, ...keys)));
    },
  },
  {
    name: "STATUS",
    ...agreed({}, IAC, DO, STATUS),
    input: (size) => filled(size, subnegotiation(STATUS, Uint8Array.of(1))),
  },
  { name: "TIMING-MARK", input: (size) => filled(size / 256, IAC, DO, TIMING_MARK) },
  {
    name: "keys for the game",
    greet: (client) => client.enterCharacterMode(),
    before: () => KEYS,
    input: (size) => filled(size, "abc\x1b[A\x1b[1;5D\x1bx"),
  },
  { name: "a long line in an editor", ...editing("é"), input: (size) => filled(size / 8, "é") },
  {
    name: "keys at the start of a long line",
    ...editing("é", "\x01"),
    input: (size) => filled(size / 8, "x"),
  },
  {
    name: "keys at the start of a line of emoji",
    ...editing("👩‍🚀", "\x01"),
    input: (size) => filled(size / 8, "x"),
  },
  {
    name: "a word killed and put back",
    ...editing("a", " "),
    input: (size) => filled(size, "b\x17\x19\x17"),
  },
  {
    name: "words passed, to and fro",
    ...editing("a b"),
    input: (size) => filled(size, "\x1bb\x1bb\x1bf"),
  },
  {
    name: "a long word passed, to and fro",
    ...edits,
    before: () => bytes(KEYS, "é".repeat(LINE)),
    input: (size) => filled(size, "\x1bb\x1bf"),
  },
  {
    name: "a long word in other letters",
    ...edits,
    before: () => bytes(KEYS, "é".repeat(LINE)),
    input: (size) => filled(size / 4, "\x1bb\x1bu\x1bb\x1bl"),
  },
  {
    name: "the cursor, from end to end",
    ...editing("é"),
    input: (size) => filled(size, "\x01\x05"),
  },
  {
    name: "the cursor, up and down",
    ...editing("é日"),
    input: (size) => filled(size, "\x1b[A\x1b[B"),
  },
  {
    name: "the cursor, up and down after each key",
    ...editing("é日", "\x1b[A\x1b[A"),
    input: (size) => filled(size / 4, "x\x1b[A\x1b[B\x7f"),
  },
  {
    name: "a long search in the history",
    ...edits,
    before: () => bytes(KEYS, `${"a".repeat(LINE - 2)}cb\r`.repeat(16), "\x12aaaaaaaaaaaaaaa"),
    input: (size) => filled(size / 16, "b\x7f"),
  },
  {
    name: "a search in the history",
    ...edits,
    before: () => bytes(KEYS, `${"é".repeat(2_000)}\r`.repeat(4)),
    input: (size) => filled(size, "\x12ééé\x12\x12\x07"),
  },
  {
    name: "lines of the history, again and again",
    ...edits,
    before: () => bytes(KEYS, `${"é".repeat(2_000)}\r`.repeat(4)),
    input: (size) => filled(size / 16, "\x10\r"),
  },
  {
    name: "long words, exchanged",
    ...edits,
    before: () => bytes(KEYS, `${"a".repeat(LINE / 2)} ${"a".repeat(LINE / 2 - 2)}`),
    input: (size) => filled(size / 16, "\x1bt"),
  },
  {
    name: "the last argument, of blank lines",
    ...edits,
    before: () => bytes(KEYS, `${" ".repeat(LINE)}\r`.repeat(15)),
    input: (size) => filled(size / 16, "\x1b."),
  },
  {
    name: "emoji passed, to and fro",
    ...editing("👩‍🚀"),
    input: (size) => filled(size / 4, "\x02\x02\x06"),
  },
  {
    name: "the screen drawn again, by Ctrl-L",
    ...editing("é"),
    input: (size) => filled(size / 4, "\x0c"),
  },
  {
    name: "conjoining letters, echoed and erased",
    greet: (client) => client.requestWillEcho(),
    before: (size) => bytes(IAC, DO, ECHO, "ᄀ".repeat(size / 3 - 20)),
    input: (size) => filled(size / 4, "\bᄀ"),
  },
  {
    name: "completion, listed",
    greet(client) {
      const words = Array.from({ length: 200 }, (_, index) => `word${index}`);
      client.useEditor({ complete: () => words });
    },
    before: () => KEYS,
    input: (size) => filled(size / 16, "\t\t"),
  },
  {
    name: "completion, of a thousand words",
    greet(client) {
      const words = Array.from({ length: 1_000 }, (_, index) => `word${index}`);
      client.useEditor({ complete: () => words });
    },
    before: () => bytes(KEYS, "word"),
    input: (size) => filled(size / 16, "\t"),
  },
  {
    name: "a paste of many lines in an editor",
    ...edits,
    before: () => KEYS,
    input: (size) => bytes("\x1b[200~", filled(size, "look\r"), "\x1b[201~"),
  },
];

/** Empty deflate blocks. The work is zlib's, so it is not counted in steps. */
export const EMPTY_BLOCKS: CostlyInput = {
  name: "MCCP3: blocks without a byte",
  ...agreed({ mccp3: true }, IAC, DO, MCCP3, IAC, SB, MCCP3, IAC, SE, 0x78, 0x9c),
  input: (size) => filled(size, 0, 0, 0, 0xff, 0xff),
};
