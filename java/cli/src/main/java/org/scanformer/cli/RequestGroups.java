package org.scanformer.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.scanformer.Location;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;

/**
 * Answers many requests in order, several at a time; one that fails affects no other. Not safe for
 * use by several threads.
 */
final class RequestGroups {
  private final ScanFormer scanFormer;
  private final int size;
  private final Consumer<Answer> sink;
  private final List<Answer> group = new ArrayList<>();

  /**
   * Starts with no requests.
   *
   * @param size requests at a time
   * @param sink takes the answers in the order of their requests
   */
  RequestGroups(ScanFormer scanFormer, int size, Consumer<Answer> sink) {
    this.scanFormer = scanFormer;
    this.size = size;
    this.sink = sink;
  }

  /**
   * Adds a request.
   *
   * @param preparation makes it, with its image; called again where memory was short
   */
  void add(Supplier<Answer> preparation) {
    Answer answer = preparation.get();
    if (answer.isOutOfMemory() && !group.isEmpty()) {
      // The images that wait take the memory that this one may need.
      finish();
      answer = preparation.get();
    }
    group.add(answer);
    if (group.size() == size) {
      finish();
    }
  }

  /** Answers what has been added and not been answered. */
  void finish() {
    List<Answer> usable = group.stream().filter(answer -> !answer.failed()).toList();
    try {
      List<Location> locations = scanFormer.locate(usable.stream().map(Answer::request).toList());
      for (int i = 0; i < usable.size(); i++) {
        usable.get(i).found(locations.get(i));
      }
    } catch (ScanFormerException | OutOfMemoryError together) {
      // At least one of them fails: find out which by running each on its own.
      usable.forEach(this::answerAlone);
    }
    group.forEach(sink);
    group.clear();
  }

  private void answerAlone(Answer answer) {
    try {
      answer.found(scanFormer.locate(answer.request()));
    } catch (ScanFormerException e) {
      answer.fail(e.code(), e.getMessage());
    } catch (OutOfMemoryError e) {
      answer.failForMemory();
    }
  }
}
