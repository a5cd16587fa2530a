package org.scanformer.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A run of one batch, for the flight recorder. */
@Name("org.scanformer.Call")
@Label("Locate Call")
@Category("ScanFormer")
@Description("A run of one batch of requests")
@StackTrace(false)
final class CallEvent extends Event {
  private static final EventType TYPE = EventType.getEventType(CallEvent.class);

  @Label("Requests")
  int requests;

  @Label("Schedule")
  String schedule;

  @Label("Completed Scales")
  int completedScales;

  @Label("Deadline Met")
  @Description("Whether the run ended before its deadline; true where it had none")
  boolean deadlineMet;

  /** A begun event where it is recorded, otherwise null: nothing is allocated then. */
  static CallEvent start() {
    if (!TYPE.isEnabled()) {
      return null;
    }
    CallEvent event = new CallEvent();
    event.begin();
    return event;
  }
}
