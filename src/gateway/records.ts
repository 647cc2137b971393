import type { CloseReason, ResumeReason } from "../transport/transport.ts";
import { copied } from "../protocol/pieces.ts";
import type { PartChange } from "./part_change.ts";
import { WireError, WireReader, type WireWriter } from "./wire.ts";

/** The version of the messages between gateways and workers. */
export const WIRE_VERSION = 4;

/** The state of a connection's owner: JSON texts by name. */
export type Parts = ReadonlyMap<string, string>;

/**
 * Opens a connection at a worker. All further records of the connection have the same handle.
 * Records with the handle of an earlier opening are ignored.
 */
export interface OpenRecord {
  readonly type: "open";
  readonly handle: number;
  /** The number of the connection in its gateway. */
  readonly number: number;
  readonly address: string;
  readonly port: number;
  readonly encrypted: boolean;
  readonly framed: boolean;
  /** Whether output to the client is compressed. */
  readonly compressing: boolean;
  /** The input offset that the state covers. */
  readonly acked: number;
  /** Why the connection is resumed; `undefined`: it is new, as no state was committed. */
  readonly reason: ResumeReason | undefined;
  /** How long the client is connected, in milliseconds. */
  readonly connectedFor: number;
  /** Whether there is input that it does not cover. */
  readonly inputWaits: boolean;
  readonly parts: Parts;
}

/** Bytes from the client. */
export interface InputRecord {
  readonly type: "input";
  readonly handle: number;
  readonly bytes: Uint8Array;
}

/** The client has half-closed. `error`: why its connection broke, or empty. */
export interface EndRecord {
  readonly type: "end";
  readonly handle: number;
  readonly error: string;
}

/** The client's connection is gone. `error`: why it broke, or empty. */
export interface ClosedRecord {
  readonly type: "closed";
  readonly handle: number;
  readonly error: string;
}

/** The gateway has moved the client to another zone. */
export interface WithdrawnRecord {
  readonly type: "withdrawn";
  readonly handle: number;
}

/** The number of output bytes since the open record that the operating system has accepted. */
export interface TakenRecord {
  readonly type: "taken";
  readonly handle: number;
  readonly taken: number;
}

/** One turn of a connection's owner. */
export interface CommitRecord {
  readonly type: "commit";
  readonly handle: number;
  /** The input offset that the state covers. */
  readonly acked: number;
  /** The changes of the state by the name of the part; a part that becomes empty is removed. */
  readonly changes: ReadonlyMap<string, PartChange>;
  readonly steps: readonly Step[];
}

/** An operation on a connection. */
export type Step =
  | { readonly type: "write"; readonly bytes: Uint8Array }
  | { readonly type: "compress"; readonly on: boolean }
  | { readonly type: "close"; readonly reason: CloseReason }
  | { readonly type: "abort" }
  | { readonly type: "move"; readonly zone: string };

/** A record from a gateway to a worker. */
export type GatewayRecord =
  | OpenRecord
  | InputRecord
  | EndRecord
  | ClosedRecord
  | WithdrawnRecord
  | TakenRecord;

/** From this many UTF-16 units on, a text is not kept for a part of it. */
const LONG = 2_048;

const OPEN = 1;
const INPUT = 2;
const END = 3;
const CLOSED = 4;
const TAKEN = 5;
const COMMIT = 6;
const WITHDRAWN = 7;

const REASONS: readonly (ResumeReason | undefined)[] = [undefined, "restart", "move", "no-zone"];
const CLOSE_REASONS: readonly CloseReason[] = ["done", "going-away", "restarting", "policy"];

/** Encodes a record of a gateway. */
export function encodeGatewayRecord(record: GatewayRecord, writer: WireWriter): Uint8Array {
  switch (record.type) {
    case "open": {
      const { handle, number, address, port, encrypted, framed, compressing, acked, reason } =
        record;
      const flags = (encrypted ? 1 : 0) + (framed ? 2 : 0) + (compressing ? 4 : 0) +
        (record.inputWaits ? 8 : 0);
      writer.byte(OPEN).number(handle).number(number).text(address).number(port).byte(flags).number(
        acked,
      );
      writer.byte(REASONS.indexOf(reason)).number(record.connectedFor);
      writeTexts(writer, record.parts, (text) => text);
      break;
    }
    case "input":
      writer.byte(INPUT).number(record.handle).raw(record.bytes);
      break;
    case "end":
      writer.byte(END).number(record.handle).text(record.error);
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
 * Decodes a record of a gateway. The record does not share memory with `bytes`.
 *
 * @throws {WireError} The record is invalid.
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
      const [reason, connectedFor] = [REASONS[reader.byte()], reader.number()];
      const [encrypted, framed] = [(flags & 1) !== 0, (flags & 2) !== 0];
      const [compressing, inputWaits] = [(flags & 4) !== 0, (flags & 8) !== 0];
      const parts = readTexts(reader);
      const origin = { address, port, encrypted, framed, compressing };
      return {
        type: "open",
        handle,
        number,
        ...origin,
        acked,
        reason,
        connectedFor,
        inputWaits,
        parts,
      };
    }
    case INPUT:
      return { type: "input", handle, bytes: reader.rest().slice() };
    case END:
      return { type: "end", handle, error: reader.text() };
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

/** Encodes a commit. */
export function encodeCommit(commit: CommitRecord, writer: WireWriter): Uint8Array {
  writer.byte(COMMIT).number(commit.handle).number(commit.acked);
  const { changes } = commit;
  writeTexts(writer, changes, ({ text }) => text);
  for (const { head, tail } of changes.values()) writer.number(head).number(tail);
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
 * Decodes a commit. The commit does not share memory with `bytes`.
 *
 * @throws {WireError} The commit is invalid.
 */
export function decodeCommit(bytes: Uint8Array): CommitRecord {
  const reader = new WireReader(bytes);
  const type = reader.byte();
  if (type !== COMMIT) throw new WireError(`There is no record ${type} of a worker`);
  const [handle, acked] = [reader.number(), reader.number()];
  const changes = new Map<string, PartChange>();
  for (const [name, text] of readTexts(reader)) {
    changes.set(name, { head: reader.number(), tail: reader.number(), text });
  }
  const steps: Step[] = [];
  while (!reader.done) steps.push(readStep(reader));
  return { type: "commit", handle, acked, changes, steps };
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

/** Writes the lengths of all names and texts, and then all of them as one text. */
function writeTexts<Item>(
  writer: WireWriter,
  items: ReadonlyMap<string, Item>,
  textOf: (item: Item) => string,
): void {
  writer.number(items.size);
  if (items.size === 0) return;
  let all = "";
  for (const [name, item] of items) {
    const text = textOf(item);
    writer.number(name.length).number(text.length);
    all += name + text;
  }
  writer.text(all);
}

function readTexts(reader: WireReader): Map<string, string> {
  const texts = new Map<string, string>();
  const count = reader.number();
  if (count === 0) return texts;
  const lengths: number[] = [];
  for (let left = 2 * count; left > 0; left--) lengths.push(reader.number());
  const all = reader.text();
  let at = 0;
  // The engine keeps the whole text for each part that is cut out of it, so long texts are copied.
  const cut = all.length > LONG ? copied : (text: string) => text;
  const next = (length: number) => cut(all.slice(at, at += length));
  for (let index = 0; index < lengths.length; index += 2) {
    const name = next(lengths[index] as number);
    texts.set(name, next(lengths[index + 1] as number));
  }
  if (at !== all.length) throw new WireError("The lengths of the state do not fit");
  return texts;
}
