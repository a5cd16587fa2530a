package org.scanformer.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.scanformer.internal.files.Terminal;

/** Shows the progress of long work. */
final class Progress {
  private static final int LOG_WIDTH = 100;

  private Progress() {}

  /** A bar on standard error. Where that is no terminal, it is a line now and then. */
  static ProgressBar bar(String task, long count) {
    ProgressBarBuilder bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(count)
            .setStyle(ProgressBarStyle.ASCII);
    if (Terminal.hasStandardError()) {
      bar.setConsumer(new ConsoleProgressBarConsumer(System.err));
    } else {
      bar.setConsumer(new DelegatingProgressBarConsumer(Terminal.logLines(), LOG_WIDTH))
          .setUpdateIntervalMillis((int) Terminal.LOG_INTERVAL.toMillis());
    }
    return bar.build();
  }
}
