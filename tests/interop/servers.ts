/**
 * Third-party Telnet servers on loopback, for tests of our client. Each runs as a separate process
 * on a free port, with its own folder, and ends on dispose. Linux only.
 *
 * Servers that log in a system user need root: they create a user with a random name and delete it
 * at the end. Without root they are skipped, even if MINIBOA_CLIENTS=required.
 */
import { installed } from "../clients/screen.ts";
import { until } from "../patience.ts";
import { freePort } from "../runtimes/free_port.ts";

/** A running server. */
export interface ForeignServer extends AsyncDisposable {
  readonly name: string;
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /**
   * How to log in: `none`; `asked`: answer the questions for the name and, if there is one, the
   * password; `line`: send `loginLine` first.
   */
  readonly login: "none" | "asked" | "line";
  readonly username?: string;
  readonly password?: string;
  readonly loginLine?: string;
  /** The prompt as a person sees it. Empty: there is none. */
  readonly prompt: string;
  /** Matches the prompt at the end of the text, without escape sequences. Absent: there is none. */
  readonly promptAtEnd?: RegExp;
  /** Whether the prompt comes right after the login; otherwise it comes after the first line. */
  readonly promptsFirst: boolean;
  /** A command, and the line that it prints. The echo of the command must not contain that line. */
  readonly command: string;
  readonly answer: string;
  /** Whether it is a Unix shell, which has `more`, `cat`, `stty` and so on. */
  readonly shell: boolean;
  /** The processes that belong to it: the server, its helpers and the sessions. */
  pids(): number[];
}

/** A server that can be started. */
export interface ForeignServerKind {
  readonly name: string;
  /** Whether it needs root, to create a system user. */
  readonly needsRoot: boolean;
  /** Whether it must be installed if MINIBOA_CLIENTS=required. */
  readonly required: boolean;
  /** Whether it can be started here. */
  available(): Promise<boolean>;
  start(): Promise<ForeignServer>;
}

/** The packages of Debian 12 that have the required servers. */
export const DEBIAN_PACKAGES: readonly string[] = [
  "inetutils-telnetd",
  "socat",
  "busybox-static", // the package busybox has no telnetd
  "python3-twisted",
  "tinymux",
  "libtelnet-utils",
  "procserv",
];

/** The facts that the recipes know about a server; `start` adds the rest. */
interface Facts extends Omit<ForeignServer, "name" | "port" | "pids" | typeof Symbol.asyncDispose> {
  /** The program and its arguments. */
  readonly run: readonly string[];
  /** A condition for being ready, in addition to listening. */
  readonly ready?: () => boolean;
}

interface Recipe {
  readonly name: string;
  readonly programs: readonly string[];
  readonly needsRoot?: boolean;
  readonly optional?: boolean;
  /** A further condition for being available. */
  readonly works?: () => Promise<boolean>;
  readonly facts: (place: Place) => Facts | Promise<Facts>;
}

const TELNETD = "/usr/sbin/telnetd";
const NETKIT_TELNETD = "/usr/sbin/in.telnetd";
/** Debian's Python: another one earlier in PATH may not have Twisted. */
const PYTHON = "/usr/bin/python3";
/** Runs twistd, whose program name differs between systems. */
const TWISTD = [PYTHON, "-c", "from twisted.scripts.twistd import run; run()"];
const TINYMUX_INSTALL = "/usr/games/tinymux-install";
const LIBMUX = "/usr/lib/tinymux/game/bin";

const [HOST = ""] = Deno.build.os === "linux" ? Deno.hostname().split(".") : [];
const ROOT = Deno.build.os === "linux" && Deno.uid() === 0;
/** The end of a shell's default prompt. */
const SIGN = ROOT ? "#" : "$";

/** The facts common to all Unix shells. */
const SHELL = {
  login: "none",
  promptsFirst: true,
  command: "echo hello-$((1+1))",
  answer: "hello-2",
  shell: true,
} as const;

const RECIPES: readonly Recipe[] = [
  {
    name: "inetutils telnetd: bash",
    programs: [TELNETD, "socat", "bash"],
    facts: async (place) => ({
      ...SHELL,
      run: telnetd(place, await shellScript(place, "bash -l")),
      prompt: `…@${HOST}:~${SIGN} `,
      promptAtEnd: /@[^\n]*:~[#$] $/,
    }),
  },
  {
    name: "inetutils telnetd: dash",
    programs: [TELNETD, "socat", "dash"],
    facts: async (place) => ({
      ...SHELL,
      run: telnetd(place, await shellScript(place, "dash -l")),
      prompt: `${SIGN} `,
      promptAtEnd: /(^|\n)[#$] $/,
    }),
  },
  {
    name: "inetutils telnetd: bash with the time in its prompt",
    programs: [TELNETD, "socat", "bash"],
    facts: async (place) => {
      await place.write(".bash_profile", String.raw`PS1='\w [\t] >> '`);
      return {
        ...SHELL,
        run: telnetd(place, await shellScript(place, "bash -l")),
        prompt: "~ [12:34:56] >> ",
        promptAtEnd: /~ \[\d\d:\d\d:\d\d\] >> $/,
      };
    },
  },
  {
    name: "inetutils telnetd: bash with two coloured lines as its prompt",
    programs: [TELNETD, "socat", "bash"],
    facts: async (place) => {
      const name = String.raw`\[\e[1;32m\]\u@\h\[\e[0m\] \[\e[34m\]\w\[\e[0m\]`;
      const sign = String.raw`\[\e[1;33m\]❯\[\e[0m\] `;
      await place.write(".bash_profile", String.raw`PS1='${name}\n${sign}'`);
      return {
        ...SHELL,
        run: telnetd(place, await shellScript(place, "bash -l")),
        prompt: `…@${HOST} ~\n❯ `,
        promptAtEnd: /@[^\n]* ~\r*\n❯ $/,
      };
    },
  },
  {
    name: "inetutils telnetd: bash of a user",
    programs: [TELNETD, "socat", "/bin/login"],
    needsRoot: true,
    facts: async (place) => {
      const { name } = await place.addUser();
      return {
        ...SHELL,
        run: telnetd(place, await script(place, `exec /bin/login -p -f ${name}`)),
        prompt: `${name}@${HOST}:~$ `,
        promptAtEnd: /@[^\n]*:~\$ $/,
      };
    },
  },
  {
    name: "inetutils telnetd: login",
    programs: [TELNETD, "socat", "/bin/login"],
    needsRoot: true,
    facts: async (place) => {
      const { name, password } = await place.addUser();
      return {
        ...SHELL,
        run: acceptor(place, TELNETD),
        login: "asked",
        username: name,
        password,
        prompt: `${name}@${HOST}:~$ `,
        promptAtEnd: /@[^\n]*:~\$ $/,
      };
    },
  },
  {
    // From Debian's telnetd-ssl, which conflicts with inetutils-telnetd and so can only be
    // unpacked.
    name: "netkit telnetd: bash",
    programs: [NETKIT_TELNETD, "socat", "bash", "openssl"],
    optional: true,
    facts: async (place) => {
      const pem = place.path("telnetd.pem"); // it needs an RSA key and a certificate to start
      const files = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        pem,
        "-out",
        place.path("cert.pem"),
      ];
      await run(["openssl", "req", "-x509", ...files, "-days", "2", "-subj", "/CN=localhost"]);
      await Deno.writeTextFile(pem, await Deno.readTextFile(place.path("cert.pem")), {
        append: true,
      });
      const shell = await shellScript(place, "bash -l");
      return {
        ...SHELL,
        run: acceptor(
          place,
          `${NETKIT_TELNETD} -N -h -z cert=${pem} -L ${shell}`,
        ),
        prompt: `…@${HOST}:~${SIGN} `,
        promptAtEnd: /@[^\n]*:~[#$] $/,
      };
    },
  },
  {
    name: "busybox telnetd: sh",
    programs: ["busybox"],
    works: () => busyboxHas("telnetd", "sh"),
    facts: async (place) => ({
      ...SHELL,
      run: busyboxTelnetd(place, await shellScript(place, "busybox sh")),
      prompt: `${place.folder} ${SIGN} `, // it shows the folder in full, not as ~
      promptAtEnd: /[^\n]+ [#$] $/,
    }),
  },
  {
    name: "busybox telnetd: login",
    programs: ["busybox"],
    needsRoot: true,
    works: () => busyboxHas("telnetd", "login"),
    facts: async (place) => {
      const { name, password } = await place.addUser();
      return {
        ...SHELL,
        run: busyboxTelnetd(place, await script(place, "exec busybox login")),
        login: "asked",
        username: name,
        password,
        prompt: `${name}@${HOST}:~$ `,
        promptAtEnd: /@[^\n]*:~\$ $/,
      };
    },
  },
  {
    name: "Twisted: lines",
    programs: [PYTHON],
    works: () => imports("twisted.conch.telnet", "twisted.cred.checkers"),
    facts: ({ port }) => {
      const program = new URL("twisted_server.py", import.meta.url).pathname;
      return {
        ...SHELL,
        run: [PYTHON, program, String(port), "guest", "secret"],
        login: "asked",
        username: "guest",
        password: "secret",
        prompt: "twisted> ",
        promptAtEnd: /twisted> $/,
      };
    },
  },
  {
    name: "Twisted: manhole",
    programs: [PYTHON],
    works: () => imports("twisted.conch.manhole_tap"),
    facts: async (place) => {
      await place.write("passwords", "guest:secret\n");
      const port = `tcp:${place.port}:interface=127.0.0.1`;
      return {
        run: [
          ...[...TWISTD, "--nodaemon", "--pidfile=", "manhole"],
          ...["--telnetPort", port, "--passwd", place.path("passwords")],
        ],
        login: "asked",
        username: "guest",
        password: "secret",
        prompt: ">>> ",
        promptAtEnd: />>> $/,
        promptsFirst: true,
        command: "print('hello-%d' % (1+1))",
        answer: "hello-2",
        shell: false,
      };
    },
  },
  {
    name: "TinyMUX",
    programs: [TINYMUX_INSTALL],
    facts: async (place) => {
      await run([TINYMUX_INSTALL], place.folder); // copies the game to the folder
      const file = "tinymux/game/netmux.conf";
      const settings = await Deno.readTextFile(place.path(file));
      await place.write(
        file,
        settings.replace(/^port\s.*$/m, `port ${place.port}\nip_address 127.0.0.1`),
      );
      return {
        run: [
          ...["env", `LD_LIBRARY_PATH=${LIBMUX}`, "sh", "-c", 'cd "$0" && exec ./bin/netmux "$@"'],
          ...[place.path("tinymux/game"), "-c", "netmux.conf", "-p", "netmux.pid", "-e", "."],
        ],
        login: "line",
        username: "wizard",
        password: "potrzebie",
        loginLine: "connect wizard potrzebie",
        prompt: "",
        promptsFirst: false,
        command: "think hello-[add(1,1)]",
        answer: "hello-2",
        shell: false,
      };
    },
  },
  {
    // It always listens on every address. It offers MCCP2.
    name: "libtelnet's chat",
    programs: ["telnet-chatd"],
    facts: ({ port }) => ({
      run: ["telnet-chatd", String(port)],
      login: "asked",
      username: "guest",
      prompt: "",
      promptsFirst: false,
      command: "hello",
      answer: "guest: hello",
      shell: false,
    }),
  },
  {
    // All clients share one shell.
    name: "procServ: bash",
    programs: ["procServ", "bash"],
    facts: async (place) => ({
      ...SHELL,
      run: [
        ...["procServ", "--foreground", "--quiet", "--logfile", place.path("console")],
        ...["--port", `127.0.0.1:${place.port}`],
        await shellScript(place, "bash -l"),
      ],
      prompt: `…@${HOST}:~${SIGN} `,
      promptAtEnd: /@[^\n]*:~[#$] $/,
      promptsFirst: false, // printed before the first client connects
      ready: () => /:~[#$] /.test(readIfThere(place.path("console"))),
    }),
  },
];

/** The servers that tests can start, if they are available. */
export const FOREIGN_SERVERS: readonly ForeignServerKind[] = RECIPES.map((recipe) => {
  const { name, programs, needsRoot = false, optional = false, works } = recipe;
  const look = async () => {
    if (Deno.build.os !== "linux" || needsRoot && !await canAddUsers()) return false;
    const found = await Promise.all(programs.map(installed));
    return found.every(Boolean) && (works === undefined || await works());
  };
  let available: Promise<boolean> | undefined;
  return {
    name,
    needsRoot,
    required: !optional,
    available: () => available ??= look(),
    start: () => start(recipe),
  };
});

/** Whether a missing server fails the tests. */
export const required: boolean = Deno.env.get("MINIBOA_CLIENTS") === "required";

/** The required servers that are missing. */
export const missing: string[] = [];
if (Deno.build.os === "linux") {
  for (const kind of FOREIGN_SERVERS) {
    const applies = kind.required && (ROOT || !kind.needsRoot);
    if (applies && !await kind.available()) missing.push(kind.name);
  }
}

/** Starts a server, and waits until it is ready. */
async function start({ name, facts }: Recipe): Promise<ForeignServer> {
  const place = await Place.make();
  try {
    const { run: command, ready = () => true, ...known } = await facts(place);
    await place.start(command, ready);
    return {
      ...known,
      name,
      port: place.port,
      pids: () => place.pids(),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  } catch (error) {
    await place[Symbol.asyncDispose]();
    throw error;
  }
}

/** The port, folder, user and processes of a server. */
class Place implements AsyncDisposable {
  readonly port: number = freePort();
  readonly folder: string;
  /** Set in the environment of its processes, to find them. */
  readonly mark: string = `MINIBOA_FOREIGN_SERVER=${crypto.randomUUID()}`;
  #child: Deno.ChildProcess | undefined;
  #user: string | undefined;
  #uid: number | undefined;
  /** The processes known to belong to it: their parents may have ended since. */
  readonly #seen = new Set<string>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Place> {
    const folder = await Deno.makeTempDir({ prefix: "miniboa-server-" });
    await Deno.chmod(folder, 0o755); // the home of its user is in it
    return new Place(folder);
  }

  path(file: string): string {
    return `${this.folder}/${file}`;
  }

  async write(file: string, text: string): Promise<void> {
    await Deno.writeTextFile(this.path(file), text);
  }

  /** Creates a system user with a password. */
  async addUser(): Promise<{ readonly name: string; readonly password: string }> {
    const name = `mb${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
    const password = crypto.randomUUID();
    this.#user = name;
    await run(["useradd", "-m", "-d", this.path("home"), "-s", "/bin/bash", name]);
    const { uid } = await Deno.stat(this.path("home"));
    if (uid === null || uid === 0) throw new Error(`Expected ${name} to own its home`);
    this.#uid = uid;
    // busybox does not support the default, yescrypt
    await run(["chpasswd", "-c", "SHA512"], this.folder, `${name}:${password}\n`);
    return { name, password };
  }

  /** Starts the server, and waits until it listens and is ready. */
  async start(command: readonly string[], ready: () => boolean): Promise<void> {
    const [name = "", value = ""] = this.mark.split("=");
    const child = this.#child = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" >"$0" 2>&1', this.path("log"), ...command],
      cwd: this.folder,
      env: { [name]: value, HOME: this.folder, LANG: "C.UTF-8", PATH: searchPath() },
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true, // a shell must not use the terminal of the tests
    }).spawn();
    let ended = false;
    child.status.then(() => ended = true);
    await until(() => ended || listens(this.port) && ready(), turn);
    if (ended) {
      const log = await Deno.readTextFile(this.path("log")).catch(() => "");
      throw new Error(`Server ended at once: ${command.join(" ")}\n${log}`);
    }
  }

  /** The running processes with its mark, its user, or a parent among them. */
  pids(): number[] {
    const all = processes();
    const own = new Set<number>();
    const belongs = ({ pid, key, parent, uid }: Process) =>
      own.has(parent) || this.#seen.has(key) || uid === this.#uid || this.#marks(pid);
    for (let before = -1; before !== own.size;) {
      before = own.size;
      for (const process of all) {
        if (own.has(process.pid) || !belongs(process)) continue;
        own.add(process.pid);
        this.#seen.add(process.key);
      }
    }
    return [...own];
  }

  #marks(pid: number): boolean {
    return readProc(`${pid}/environ`).split("\0").includes(this.mark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Again, because a process may have started another one meanwhile.
    await until(() => {
      const pids = this.pids();
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    }, turn);
    await this.#child?.status;
    await Deno.remove(this.folder, { recursive: true });
    if (this.#user !== undefined && await succeeds("getent", ["passwd", this.#user])) {
      await run(["userdel", "-f", this.#user]);
    }
  }
}

/**
 * A command line that runs a program for each connection, with the socket as its input and output.
 */
function acceptor({ port }: Place, command: string): string[] {
  return ["socat", `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, `EXEC:${command},nofork`];
}

/** inetutils telnetd with a script instead of login. */
function telnetd(place: Place, file: string): string[] {
  return acceptor(place, `${TELNETD} -h -E ${file}`);
}

function busyboxTelnetd({ port }: Place, file: string): string[] {
  return ["busybox", "telnetd", "-F", "-b", "127.0.0.1", "-p", String(port), "-l", file];
}

/**
 * Writes a script that executes a shell, and keeps the terminal type that the server negotiated.
 */
async function shellScript(place: Place, shell: string): Promise<string> {
  const settings = [
    ...[place.mark, '${TERM+TERM="$TERM"}', `HOME=${place.folder}`, "LANG=C.UTF-8"],
    `PATH=${searchPath()}`,
  ];
  return await script(place, `cd ${place.folder}\nexec env -i ${settings.join(" ")} ${shell}`);
}

async function script(place: Place, text: string): Promise<string> {
  await place.write("session.sh", `#!/bin/sh\n${text}\n`);
  await Deno.chmod(place.path("session.sh"), 0o755);
  return place.path("session.sh");
}

/** A standard PATH, without a developer's additions. */
function searchPath(): string {
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games";
}

/** Runs a program to its end; throws if it fails. */
async function run(command: readonly string[], cwd?: string, input = ""): Promise<void> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close().catch(() => {}); // it did not read all input
  const { success, stderr } = await child.output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return (await command.output()).success;
}

async function imports(...modules: string[]): Promise<boolean> {
  return await succeeds(PYTHON, ["-W", "ignore", "-c", `import ${modules.join(", ")}`]);
}

async function busyboxHas(...applets: string[]): Promise<boolean> {
  const { stdout } = await new Deno.Command("busybox", { args: ["--list"] }).output();
  const list = new TextDecoder().decode(stdout).split("\n");
  return applets.every((applet) => list.includes(applet));
}

async function canAddUsers(): Promise<boolean> {
  if (!ROOT) return false;
  const found = await Promise.all(["useradd", "userdel", "chpasswd"].map(installed));
  return found.every(Boolean) && await succeeds("test", ["-w", "/etc"]);
}

interface Process {
  readonly pid: number;
  /** The id and the start time, because ids are reused. */
  readonly key: string;
  readonly parent: number;
  readonly uid: number;
}

/** The processes of the system that have not ended. */
function processes(): Process[] {
  const found: Process[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readProc(`${name}/stat`);
    // From field 3 on: field 2 is a name in parentheses that may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent] = fields;
    const uid = /^Uid:\t(\d+)/m.exec(readProc(`${name}/status`))?.[1];
    if (/^[ZX]?$/.test(state) || uid === undefined) continue;
    const key = `${name} ${fields[19]}`;
    found.push({ pid: Number(name), key, parent: Number(parent), uid: Number(uid) });
  }
  return found;
}

/** The text of a file in /proc; empty if the process has ended or belongs to another user. */
function readProc(file: string): string {
  return readIfThere(`/proc/${file}`);
}

/** The text of a file; empty if it cannot be read. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // already ended
  }
}

/** Whether a port has a listener, without connecting to it: that would start a session. */
function listens(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F:]+ 0A `, "m");
  return line.test(readProc("net/tcp")) || line.test(readProc("net/tcp6"));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
