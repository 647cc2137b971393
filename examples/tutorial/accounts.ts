/** Accounts in a JSON file. Passwords are hashed by scrypt, each with a salt of its own. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";

interface Account {
  readonly salt: string;
  readonly hash: string;
}

export class Accounts {
  readonly #file: string;
  #accounts: Map<string, Account> = new Map();
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#file, "utf8").catch((error) => {
      if (error.code === "ENOENT") return "{}"; // the first start
      throw error;
    });
    this.#accounts = new Map(Object.entries(JSON.parse(text)));
  }

  has(name: string): boolean {
    return this.#accounts.has(name.toLowerCase());
  }

  async check(name: string, password: string): Promise<boolean> {
    const account = this.#accounts.get(name.toLowerCase());
    if (account === undefined) return false;
    const hash = await hashOf(password, account.salt);
    return timingSafeEqual(hash, Buffer.from(account.hash, "hex"));
  }

  /** Adds an account; returns whether the name was still free. */
  async add(name: string, password: string): Promise<boolean> {
    const salt = randomBytes(16).toString("hex");
    const hash = (await hashOf(password, salt)).toString("hex");
    if (this.has(name)) return false; // somebody was faster
    this.#accounts.set(name.toLowerCase(), { salt, hash });
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write()); // one at a time
    await this.#writing;
    return true;
  }

  /** Writes a new file and then renames it, so that a crash leaves one whole file. */
  async #write(): Promise<void> {
    const text = JSON.stringify(Object.fromEntries(this.#accounts));
    await writeFile(`${this.#file}.new`, text, { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
  }
}

/** Takes some 50 ms and 16 MB, outside of the game's thread: guessing many is expensive. */
function hashOf(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: Buffer) => error ? reject(error) : resolve(key);
    scrypt(password.normalize("NFC"), salt, 32, done);
  });
}
