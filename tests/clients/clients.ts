/** The real clients, and which of them are installed here. */
import { installed } from "./screen.ts";

/** A client program. */
export interface Client {
  readonly name: string;
  readonly program: string;
  readonly command: (port: number) => string;
  /** What is to be typed to connect, where the command line cannot say it. */
  readonly connect?: (port: number) => string;
  /** What the client itself shows. */
  readonly own: RegExp;
  /** Whether it is tried with the chat, and with a password. */
  readonly chat: boolean;
  readonly password: boolean;
}

const TINTIN = "/usr/games/tt++";

/** TinTin++ takes GMCP, MSDP and MSSP where its owner says so, in a file like this. */
const TINTIN_EVENTS = new URL("./tintin_events.tin", import.meta.url).pathname;

const CLIENTS: readonly Client[] = [
  {
    name: "telnet",
    program: "inetutils-telnet",
    command: (port) => `inetutils-telnet 127.0.0.1 ${port}`,
    own: /^(Trying 127|Connected to|Escape character)/,
    chat: true,
    password: true,
  },
  {
    name: "nc",
    program: "nc.openbsd",
    command: (port) => `nc.openbsd 127.0.0.1 ${port}`,
    own: /^$/,
    chat: true,
    password: false,
  },
  {
    name: "TinTin++",
    program: TINTIN,
    command: (port) => `${TINTIN} -G -r ${TINTIN_EVENTS} -e '#session v 127.0.0.1 ${port}'`,
    own: /^#/,
    chat: true,
    password: true,
  },
  {
    name: "plink",
    program: "plink",
    command: (port) => `plink -telnet -P ${port} 127.0.0.1`,
    own: /^$/,
    chat: true,
    password: true,
  },
  {
    name: "TinyFugue",
    program: "tf5",
    command: (port) => `tf5 -n -f 127.0.0.1 ${port}`,
    own: /^(%|_{5}| {4}You should)/,
    chat: false,
    password: false,
  },
  {
    name: "KBtin",
    program: "KBtin",
    command: () => "KBtin",
    connect: (port) => `#ses v {127.0.0.1 ${port}}`,
    own: /^ *#|^KBtin \d|^-+$/,
    chat: false,
    password: false,
  },
];

/** Whether a client that is not installed is a failure. */
export const required: boolean = Deno.env.get("MINIBOA_CLIENTS") === "required";

/** The programs that are not installed. */
export const missing: string[] = [];
for (const program of ["tmux", ...CLIENTS.map((client) => client.program)]) {
  if (!await installed(program)) missing.push(program);
}

/** Why something is skipped, for the name of a test. */
export const why: string = missing.length === 0 ? "" : ` (not installed: ${missing.join(", ")})`;

/** The clients that can be driven here. */
export const installedClients: readonly Client[] = missing.includes("tmux")
  ? []
  : CLIENTS.filter(({ program }) => !missing.includes(program));
