package org.scanformer.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A scale of a run, or the pass over all tokens, for the flight recorder. */
@Name("org.scanformer.Scale")
@Label("Scale")
@Category("ScanFormer")
@Description("One scale of a batch, or the pass over the tokens of all scales")
@StackTrace(false)
final class ScaleEvent extends Event {
  private static final EventType TYPE = EventType.getEventType(ScaleEvent.class);

  @Label("Scale")
  @Description("0 is the coarsest; -1 the pass over the tokens of all scales")
  int scale;

  @Label("Patches")
  @Description("Selected patches of all requests, rounded as the backend launches them")
  int patches;

  @Label("Rows")
  @Description("Tokens of all requests, rounded as the backend launches them")
  int rows;

  /** A begun event where it is recorded, otherwise null: nothing is allocated then. */
  static ScaleEvent start() {
    if (!TYPE.isEnabled()) {
      return null;
    }
    ScaleEvent event = new ScaleEvent();
    event.begin();
    return event;
  }
}
