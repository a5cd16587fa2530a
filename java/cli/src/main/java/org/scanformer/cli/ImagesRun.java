package org.scanformer.cli;

import java.io.PrintWriter;
import java.util.List;
import org.scanformer.ScanFormer;

/** Looks for one thing in several images, several at a time; a bad image affects no other. */
final class ImagesRun {
  private final List<ImageSource> sources;
  private final String expression;
  private final RequestOptions options;
  private final boolean json;
  private int failed;
  private boolean warned;

  ImagesRun(List<ImageSource> sources, String expression, RequestOptions options, boolean json) {
    this.sources = sources;
    this.expression = expression;
    this.options = options;
    this.json = json;
  }

  /**
   * Answers every image in order.
   *
   * @param groupSize images at a time
   * @param err takes what is wrong with the expression or an image, unless all is told as JSON
   * @return the number of images that gave an error, or whose object was required and not found
   */
  int run(ScanFormer scanFormer, int groupSize, PrintWriter out, PrintWriter err) {
    options.requireFits(scanFormer);
    RequestGroups groups =
        new RequestGroups(scanFormer, groupSize, answer -> print(answer, out, err));
    for (ImageSource source : sources) {
      groups.add(() -> read(source));
    }
    groups.finish();
    return failed;
  }

  private Answer read(ImageSource source) {
    Answer answer =
        new Answer(
            source.name(),
            "",
            LocationJson.object().put("image", source.name()).put("text", expression));
    answer.prepare(source::read, expression, options);
    return answer;
  }

  private void print(Answer answer, PrintWriter out, PrintWriter err) {
    failed += answer.failed() || options.isFailure(answer.location()) ? 1 : 0;
    if (json) {
      out.println(answer.toJson());
    } else if (answer.failed()) {
      err.println("scanformer: " + answer.message());
    } else {
      if (!warned) {
        LocationText.warn(err, expression, answer.location());
        warned = true;
      }
      out.println(answer.name() + ": " + LocationText.place(answer.location()));
      LocationText.printCandidates(out, answer.location(), options.candidates());
    }
    if (out.checkError()) {
      throw new AnswersLostException();
    }
  }
}
