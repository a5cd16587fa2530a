package org.scanformer.internal.cuda;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the library logs while it is open, which does not come to the console. */
final class CapturedLog extends Handler implements AutoCloseable {
  /** Held here, as the logging holds it weakly. */
  private final Logger logger = Logger.getLogger("org.scanformer");

  private final boolean before = logger.getUseParentHandlers();
  private final List<String> messages = new CopyOnWriteArrayList<>();

  CapturedLog() {
    logger.setUseParentHandlers(false);
    logger.addHandler(this);
  }

  List<String> messages() {
    return messages;
  }

  @Override
  public void publish(LogRecord record) {
    messages.add(record.getMessage());
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(before);
  }
}
