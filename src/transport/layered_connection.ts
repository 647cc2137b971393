import { BaseConnection } from "./base_connection.ts";
import type { Connection } from "./transport.ts";

/** A connection over another one: it is gone when the other one is. */
export abstract class LayeredConnection extends BaseConnection {
  /** The connection that carries this one. */
  protected readonly beneath: Connection;

  constructor(beneath: Connection) {
    super(beneath.remoteAddress, beneath.remotePort);
    this.beneath = beneath;
  }

  override get identity(): string {
    return this.beneath.identity;
  }

  /** Whether this layer is closed, regardless of the connection beneath. */
  protected get layerDestroyed(): boolean {
    return super.destroyed;
  }

  override get destroyed(): boolean {
    return super.destroyed && this.beneath.destroyed;
  }

  override get closed(): Promise<void> {
    return super.closed.then(() => this.beneath.closed);
  }

  override abort(): void {
    super.abort();
    this.beneath.abort();
  }
}
