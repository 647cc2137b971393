import type { CloseReason, ResumeReason } from "../transport/transport.ts";
import { WireError, WireReader, type WireWriter } from "./wire.ts";

/** The format of all that gateways and workers send to each other. */
export const WIRE_VERSION = 1;

/** The state of a connection's owner: JSON texts by their names. */
export type Parts = ReadonlyMap<string, string>;

/**
 * A connection that a worker is to serve. All records of it carry the same handle, which stands for this
 * opening: what is said under a handle of before counts no more.
 */
export interface OpenRecord {
  readonly type: "open";
  readonly handle: number;
  /** Counts the connections of the gateway. */
  readonly number: number;
  readonly address: string;
  readonly port: number;
  readonly encrypted: boolean;
  readonly framed: boolean;
  /** Whether what is sent to the person is compressed. */
  readonly compressing: boolean;
  /** Up to where the input is part of the state. */
  readonly acked: number;
  /** Why it is not new; `undefined`: nobody has committed anything of it. */
  readonly reason: ResumeReason | undefined;
  readonly parts: Parts;
}

/** Bytes of the person. */
export interface InputRecord {
  readonly type: "input";
  readonly handle: number;
  readonly bytes: Uint8Array;
}

/** The person sends no more (half-close). */
export interface EndRecord {
  readonly type: "end";
  readonly handle: number;
}

/** The person's connection is gone; the error, where it broke. */
export interface ClosedRecord {
  readonly type: "closed";
  readonly handle: number;
  readonly error: string;
}

/** The person is somebody else's from now on. */
export interface WithdrawnRecord {
  readonly type: "withdrawn";
  readonly handle: number;
}

/** So many bytes of output, since the open record, were taken by the system. */
export interface TakenRecord {
  readonly type: "taken";
  readonly handle: number;
  readonly taken: number;
}

/** One turn of a connection's owner. */
export interface CommitRecord {
  readonly type: "commit";
  readonly handle: number;
  /** Up to where the input is part of the state. */
  readonly acked: number;
  /** The parts of the state that changed; an empty text: it is there no more. */
  readonly parts: Parts;
  readonly steps: readonly Step[];
}

/** What is done to a connection, in order. */
export type Step =
  | { readonly type: "write"; readonly bytes: Uint8Array }
  | { readonly type: "compress"; readonly on: boolean }
  | { readonly type: "close"; readonly reason: CloseReason }
  | { readonly type: "abort" }
  | { readonly type: "move"; readonly zone: string };

/** What a gateway tells a worker. */
export type GatewayRecord =
  | OpenRecord
  | InputRecord
  | EndRecord
  | ClosedRecord
  | WithdrawnRecord
  | TakenRecord;

const OPEN = 1;
const INPUT = 2;
const END = 3;
const CLOSED = 4;
const TAKEN = 5;
const COMMIT = 6;
const WITHDRAWN = 7;

const REASONS: readonly (ResumeReason | undefined)[] = [undefined, "restart", "move", "no-zone"];
const CLOSE_REASONS: readonly CloseReason[] = ["done", "going-away", "restarting", "policy"];

/** Writes a record of a gateway. */
export function encodeGatewayRecord(record: GatewayRecord, writer: WireWriter): Uint8Array {
  switch (record.type) {
    case "open": {
      const { handle, number, address, port, encrypted, framed, compressing, acked, reason } =
        record;
      const flags = (encrypted ? 1 : 0) + (framed ? 2 : 0) + (compressing ? 4 : 0);
      writer.byte(OPEN).number(handle).number(number).text(address).number(port).byte(flags).number(
        acked,
      );
      writeParts(writer.byte(REASONS.indexOf(reason)), record.parts);
      break;
    }
    case "input":
      writer.byte(INPUT).number(record.handle).raw(record.bytes);
      break;
    case "end":
      writer.byte(END).number(record.handle);
      break;
    case "closed":
      writer.byte(CLOSED).number(record.handle).text(record.error);
      break;
    case "withdrawn":
      writer.byte(WITHDRAWN).number(record.handle);
      break;
    case "taken":
      writer.byte(TAKEN).number(record.handle).number(record.taken);
  }
  return writer.take();
}

/**
 * Reads a record of a gateway. Its bytes are its own.
 *
 * @throws {WireError} It is none.
 */
export function decodeGatewayRecord(bytes: Uint8Array): GatewayRecord {
  const reader = new WireReader(bytes);
  const type = reader.byte();
  const handle = reader.number();
  switch (type) {
    case OPEN: {
      const [number, address, port, flags, acked] = [
        reader.number(),
        reader.text(),
        reader.number(),
        reader.byte(),
        reader.number(),
      ];
      const reason = REASONS[reader.byte()];
      const [encrypted, framed] = [(flags & 1) !== 0, (flags & 2) !== 0];
      const compressing = (flags & 4) !== 0;
      const parts = readParts(reader);
      const origin = { address, port, encrypted, framed, compressing };
      return { type: "open", handle, number, ...origin, acked, reason, parts };
    }
    case INPUT:
      return { type: "input", handle, bytes: reader.rest().slice() };
    case END:
      return { type: "end", handle };
    case CLOSED:
      return { type: "closed", handle, error: reader.text() };
    case WITHDRAWN:
      return { type: "withdrawn", handle };
    case TAKEN:
      return { type: "taken", handle, taken: reader.number() };
    default:
      throw new WireError(`There is no record ${type} of a gateway`);
  }
}

const WRITE = 1;
const COMPRESS = 2;
const PLAIN = 3;
const CLOSE = 4;
const ABORT = 5;
const MOVE = 6;

/** Writes a commit. */
export function encodeCommit(commit: CommitRecord, writer: WireWriter): Uint8Array {
  writer.byte(COMMIT).number(commit.handle).number(commit.acked);
  writeParts(writer, commit.parts);
  for (const step of commit.steps) {
    switch (step.type) {
      case "write":
        writer.byte(WRITE).bytes(step.bytes);
        break;
      case "compress":
        writer.byte(step.on ? COMPRESS : PLAIN);
        break;
      case "close":
        writer.byte(CLOSE).byte(CLOSE_REASONS.indexOf(step.reason));
        break;
      case "abort":
        writer.byte(ABORT);
        break;
      case "move":
        writer.byte(MOVE).text(step.zone);
    }
  }
  return writer.take();
}

/**
 * Reads a commit. What it writes has bytes of its own.
 *
 * @throws {WireError} It is none.
 */
export function decodeCommit(bytes: Uint8Array): CommitRecord {
  const reader = new WireReader(bytes);
  const type = reader.byte();
  if (type !== COMMIT) throw new WireError(`There is no record ${type} of a worker`);
  const [handle, acked] = [reader.number(), reader.number()];
  const parts = readParts(reader);
  const steps: Step[] = [];
  while (!reader.done) steps.push(readStep(reader));
  return { type: "commit", handle, acked, parts, steps };
}

function readStep(reader: WireReader): Step {
  const type = reader.byte();
  switch (type) {
    case WRITE:
      return { type: "write", bytes: reader.bytes().slice() };
    case COMPRESS:
    case PLAIN:
      return { type: "compress", on: type === COMPRESS };
    case CLOSE:
      return { type: "close", reason: CLOSE_REASONS[reader.byte()] ?? "done" };
    case ABORT:
      return { type: "abort" };
    case MOVE:
      return { type: "move", zone: reader.text() };
    default:
      throw new WireError(`There is no step ${type}`);
  }
}

function writeParts(writer: WireWriter, parts: Parts): void {
  writer.number(parts.size);
  for (const [name, text] of parts) writer.text(name).text(text);
}

function readParts(reader: WireReader): Parts {
  const parts = new Map<string, string>();
  for (let left = reader.number(); left > 0; left--) {
    const name = reader.text();
    parts.set(name, reader.text());
  }
  return parts;
}
