package org.scanformer.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.scanformer.BackendKind;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program for {@code spark-submit}: asks expressions about many pictures, and writes a row for
 * each question. Started again, it goes on where it was stopped.
 */
@Command(
    name = "ScanFormerJob",
    description =
        "Looks for what expressions describe in many pictures, on a cluster. Started again with the"
            + " same --out, it asks what has no answer there yet.",
    footer = {
      "",
      "A question is known by its image's path and its expression: a pair that is there twice is"
          + " asked once, and one that has a row in --out, be it an error, is not asked again. Only"
          + " one job at a time may use an --out.",
      "",
      "Exit codes: 0 success, also with errors in rows; 1 failure; 2 wrong usage."
    })
public final class ScanFormerJob implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  private boolean help;

  @Option(
      names = "--images",
      paramLabel = "PATH",
      description =
          "Pictures: a file, a directory with all below it, or a pattern; may be repeated. Goes with"
              + " --text.")
  private List<String> images = new ArrayList<>();

  @Option(
      names = "--text",
      paramLabel = "EXPRESSION",
      description = "What to look for in each of --images; may be repeated.")
  private List<String> texts = new ArrayList<>();

  @Option(
      names = "--questions",
      paramLabel = "PATH",
      description =
          "In place of --images and --text: a table with the columns image (a path) and text. JSON"
              + " lines (.json, .jsonl), CSV with a header (.csv), otherwise Parquet.")
  private String questions;

  @Option(
      names = "--image-root",
      paramLabel = "DIR",
      description = "What relative paths of pictures start from.")
  private String imageRoot;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The directory of the answers; new, or that of a run to go on with.")
  private String out;

  @Option(
      names = "--format",
      paramLabel = "parquet|json|orc",
      defaultValue = "parquet",
      description = "The format of the answers. Default: parquet.")
  private Format format;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "The model directory on every node, the name of an archive of --archives, or a URI such as"
              + " hdfs://…. Default: the bundled model.")
  private String model;

  @Option(
      names = "--backend",
      paramLabel = "auto|cpu|cuda",
      defaultValue = "auto",
      description =
          "Kind of device. Default: auto. GPUs that Spark gives to a task are used unless this is"
              + " cpu.")
  private BackendKind backend;

  @Option(
      names = "--precision",
      paramLabel = "fp32|tf32|fp16|bf16",
      description = "Type of matrix products. Default: the device's own; fp32 on the CPU.")
  private Precision precision;

  @Option(
      names = "--schedule",
      paramLabel = "final-only|per-scale",
      defaultValue = "final-only",
      converter = ScheduleConverter.class,
      description = "per-scale gives a box after every scale. Default: final-only.")
  private Schedule schedule;

  @Option(
      names = "--found-threshold",
      paramLabel = "T",
      description = "The least score of an object that is there. Default: the model's own.")
  private Double foundThreshold;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "The most questions of an executor that run together. Default: 8.")
  private int maxBatch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads of a model. Default: 0, for as many as an executor has cores.")
  private int threads;

  @Option(
      names = "--questions-per-task",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "The questions of a task, about, and so of a file of --out: what is lost with an executor."
              + " Default: 1000.")
  private int questionsPerTask;

  @Option(
      names = "--questions-per-commit",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "The questions of a commit, about: what is lost with the driver. Default: 100000.")
  private int questionsPerCommit;

  private enum Format {
    PARQUET,
    JSON,
    ORC
  }

  /** Reads a schedule as the command line of ScanFormer does. */
  static final class ScheduleConverter implements CommandLine.ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String value) {
      for (Schedule each : Schedule.values()) {
        if (each.name().replace('_', '-').equalsIgnoreCase(value)) {
          return each;
        }
      }
      throw new CommandLine.TypeConversionException(
          "expected final-only or per-scale, found " + value);
    }
  }

  /** Made by {@link #run}. */
  private ScanFormerJob() {}

  /** Runs the job, and ends the JVM where it fails. */
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = run(args, out, err);
    // Left to Spark otherwise: on some clusters an exit within the program is taken for a failure.
    if (code != 0) {
      System.exit(code);
    }
  }

  /**
   * Runs the job on the session there is, or a new one; without a master, on this machine.
   *
   * @param out takes the summary
   * @param err takes the progress, and what is wrong
   * @return the exit code
   */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new ScanFormerJob())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(
            (failure, arguments) -> {
              err.println("ScanFormerJob: " + failure.getMessage());
              err.println("--help shows the usage.");
              return 2;
            })
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              err.println("ScanFormerJob: " + JobFailures.tell(failure));
              return 1;
            })
        .execute(args);
  }

  @Override
  public Integer call() throws IOException {
    BulkOptions options = options();
    PrintWriter err = spec.commandLine().getErr();
    SparkSession.Builder builder = SparkSession.builder().appName("ScanFormer");
    if (!new SparkConf().contains("spark.master")) {
      builder.master("local[*]");
    }
    SparkSession session = builder.getOrCreate();
    JobOutput output = new JobOutput(session, out, format.name().toLowerCase(Locale.ROOT));
    output.begin(options.answersDependOn());
    Dataset<Row> pending =
        output.pending(
            questions == null
                ? JobQuestions.of(session, images, texts)
                : JobQuestions.of(session, questions));
    long count = pending.count();
    err.printf(Locale.ROOT, "%,d questions have no answer yet in %s%n", count, out);
    int parts = (int) ((count + questionsPerCommit - 1) / questionsPerCommit);
    Counters counters = Counters.of(session.sparkContext());
    try (JobProgress progress = new JobProgress(counters, count, err)) {
      for (int p = 0; p < parts; p++) {
        JobOutput.Part part = new JobOutput.Part(p, parts, count / parts);
        output.write(pending, options, counters, part, questionsPerTask);
        progress.committed(part);
      }
    }
    output.end();
    summarize(output.answers());
    return 0;
  }

  private void summarize(Dataset<Row> answers) {
    Row counts = answers.selectExpr("count(*)", "count_if(found)", "count(error)").first();
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%,d answers in %s: %,d found, %,d not found, %,d errors%n",
            counts.getLong(0),
            out,
            counts.getLong(1),
            counts.getLong(0) - counts.getLong(1) - counts.getLong(2),
            counts.getLong(2));
  }

  private BulkOptions options() {
    if ((questions == null) == images.isEmpty() || images.isEmpty() != texts.isEmpty()) {
      throw usage("expected either --images with --text, or --questions");
    }
    requirePositive("--questions-per-task", questionsPerTask);
    requirePositive("--questions-per-commit", questionsPerCommit);
    try {
      return BulkOptions.builder()
          .model(model)
          .backend(backend)
          .precision(precision)
          .threads(threads)
          .maxBatch(maxBatch)
          .schedule(schedule)
          .foundThreshold(foundThreshold)
          .imageRoot(imageRoot)
          .build();
    } catch (ScanFormerException e) {
      throw usage(e.getMessage());
    }
  }

  private void requirePositive(String option, int value) {
    if (value < 1) {
      throw usage(option + " must be at least 1, found " + value);
    }
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
