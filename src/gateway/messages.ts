import { type Json, readJson } from "../options/json.ts";
import { WIRE_VERSION } from "./records.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** The subject on which workers announce themselves. */
export const HELLO = "hello";
/** The subject on which a gateway asks all workers to announce themselves. */
export const WHO = "who";
/** The subject on which gateways report that a worker is gone. */
export const GONE = "gone";
/** The subject of one gateway. */
export const gatewaySubject = (gateway: string): string => `g.${gateway}`;
/** The subject of one worker. */
export const workerSubject = (worker: string): string => `w.${worker}`;

/** Announces that a worker serves a zone, or has left it. Sent once a second. */
export interface Hello {
  readonly worker: string;
  readonly zone: string;
  readonly epoch: number;
  /** The format of the game's state. */
  readonly version: string;
  readonly left: boolean;
}

/**
 * Asks workers to announce themselves. `name`: any other gateway with this name is gone; or empty.
 */
export interface Who {
  readonly gateway: string;
  readonly name: string;
}

/** Reports that a worker is gone. */
export interface Gone {
  readonly worker: string;
  readonly zone: string;
}

/** A control message to one worker or gateway. */
export type Control =
  /** Another worker serves the zone now. */
  | { readonly type: "fenced"; readonly zone: string; readonly epoch: number }
  /** Asks the worker to leave the zone to another worker. */
  | { readonly type: "yield"; readonly zone: string; readonly to: string }
  /** Checks whether the worker is still subscribed. */
  | { readonly type: "probe" }
  /** To a gateway: the worker does not know this link, or has closed it. */
  | { readonly type: "reset"; readonly zone: string; readonly link: number };

/** The message that asks nothing: the bus says whether anybody is there to get it. */
export const PROBE: Control = { type: "probe" };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes a message as JSON. */
export function encodeJson(value: Hello | Who | Gone | Control): Uint8Array {
  return encoder.encode(JSON.stringify({ ...value, wire: WIRE_VERSION }));
}

/**
 * Decodes a message from JSON.
 *
 * @param names The fields that the message must have, each with an example of its type.
 * @throws {WireError} The message is invalid, or of another version.
 */
export function decodeJson<Value>(bytes: Uint8Array, names: Value): Value {
  let json: Json;
  try {
    json = readJson(decoder.decode(bytes));
  } catch {
    throw new WireError("A message is not JSON");
  }
  const value = json as Readonly<Record<string, Json>> | null;
  if (value?.wire !== WIRE_VERSION) throw new WireError("A message is of another version");
  for (const [name, example] of Object.entries(names as object)) {
    const given = value[name];
    const isWrong = typeof given === "number" && !(Number.isSafeInteger(given) && given >= 0);
    if (typeof given !== typeof example || isWrong) {
      throw new WireError(`A message has no ${name}`);
    }
  }
  return value as Value;
}

/** Examples for {@linkcode decodeJson}. */
export const A_HELLO: Hello = { worker: "", zone: "", epoch: 0, version: "", left: false };
export const A_WHO: Who = { gateway: "", name: "" };
export const A_GONE: Gone = { worker: "", zone: "" };

/** A packet of a link, with its address. */
export interface Packet {
  /** The gateway that sends it, or the zone of the worker that sends it. */
  readonly from: string;
  /** The number of the link. The gateway numbers the links that it opens. */
  readonly link: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

const PACKET = 0x50;
const CONTROL = 0x43;

/** The maximum number of bytes before a packet. */
export const ENVELOPE = 96;

/** Encodes a packet with its address. */
export function encodePacket({ from, link, epoch, bytes }: Packet): Uint8Array {
  const writer = new WireWriter();
  return writer.byte(PACKET).byte(WIRE_VERSION).text(from).number(link).number(epoch).raw(bytes)
    .take();
}

/** Encodes a control message. */
export function encodeControl(control: Control): Uint8Array {
  return new WireWriter().byte(CONTROL).raw(encodeJson(control)).take();
}

/** Examples of the control messages with fields. */
const CONTROLS: Readonly<Record<string, Control>> = {
  fenced: { type: "fenced", zone: "", epoch: 0 },
  yield: { type: "yield", zone: "", to: "" },
  reset: { type: "reset", zone: "", link: 0 },
};

function decodeControl(bytes: Uint8Array): Control {
  const { type } = decodeJson<Control>(bytes, PROBE);
  return decodeJson<Control>(
    bytes,
    Object.hasOwn(CONTROLS, type) ? CONTROLS[type] as Control : PROBE,
  );
}

/**
 * Decodes a packet or a control message.
 *
 * @throws {WireError} The bytes are neither, or of another version.
 */
export function decodeMessage(bytes: Uint8Array): Packet | Control {
  const reader = new WireReader(bytes);
  const kind = reader.byte();
  if (kind === CONTROL) return decodeControl(reader.rest());
  if (kind !== PACKET || reader.byte() !== WIRE_VERSION) {
    throw new WireError("A packet is of another version");
  }
  const [from, link, epoch] = [reader.text(), reader.number(), reader.number()];
  return { from, link, epoch, bytes: reader.rest() };
}
