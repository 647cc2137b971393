import type { ClientFacts } from "../options/facts.ts";
import type { ClientOptions } from "../options/client_registry.ts";
import type { TelnetMachineOptions } from "../protocol/machine.ts";
import type { Encoding } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type { ConnectLimits } from "./limits.ts";
import type { ConnectClock } from "./timer.ts";

/** What Enter sends. */
export type Newline = "\r\n" | "\r\0" | "\r" | "\n";

/** How a session of the client's end is set up: checked, with every default filled in. */
export interface ConnectSettings {
  readonly limits: ConnectLimits;
  readonly encoding: Encoding | TextCodec;
  /** `undefined`: CR LF; in BINARY, where CR LF would be two line ends, LF. */
  readonly newline: Newline | undefined;
  readonly stripControls: boolean;
  /** Whether a handler takes the text, so that it does not wait to be read. */
  readonly takesText: boolean;
  readonly promptTimeout: number;
  readonly timeout: number;
  readonly options: ClientOptions;
  readonly machine: TelnetMachineOptions;
  /** What this end tells of itself. */
  readonly facts: Readonly<Partial<ClientFacts>>;
  readonly codec: CompressionCodec | undefined;
  /** What encrypts, by TLS from the start or by START-TLS. */
  readonly secureContext: SecureContext | undefined;
  readonly clock: Required<ConnectClock>;
  readonly signal: AbortSignal | undefined;
  /** The last bytes and the negotiation are put into words for errors; with a sink for it, too. */
  readonly trace: ((line: string) => void) | undefined;
}
