package org.scanformer.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows the progress of long work. */
final class Progress {
  private Progress() {}

  /** A bar on standard error. */
  static ProgressBar bar(String task, long count) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(count)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(System.err))
        .build();
  }
}
