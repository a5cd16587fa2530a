package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which picture a record means if several have its name. */
class ImageChoiceTest {
  @TempDir private Path root;

  /** Writes pictures that differ, each a plain colour. */
  private void writePictures(String... names) throws IOException {
    for (int i = 0; i < names.length; i++) {
      BufferedImage picture = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
      picture.setRGB(0, 0, Color.HSBtoRGB((float) i / names.length, 1, 1));
      Path file = root.resolve(names[i]);
      Files.createDirectories(file.getParent());
      ImageIO.write(picture, "png", file.toFile());
    }
  }

  /** What a CSV file finds under the name 1.png. */
  private String found(String file, Path images) throws IOException {
    return found(file, images, "1.png");
  }

  private String found(String file, Path images, String name) throws IOException {
    Path list = root.resolve(file);
    Files.createDirectories(list.getParent());
    Files.writeString(list, "image,x,y,width,height,text\n" + name + ",1,2,3,4,a dog\n");
    return found(DataForm.CSV.open(list, images, null, null));
  }

  private String found(ReferringDataset dataset) {
    return dataset.size() == 0
        ? dataset.badRecords().get(0).problem()
        : root.relativize(Path.of(dataset.pair(0).image().name())).toString();
  }

  @ParameterizedTest
  @CsvSource({
    "train.csv, train/1.png, val/1.png, train/1.png",
    "val.csv, train/1.png, val/1.png, val/1.png",
    "boxes-VAL.csv, train/1.png, val/1.png, val/1.png",
    "instances_val2017.csv, val2014/1.png, val2017/1.png, val2017/1.png",
    "validation.csv, images/train/1.png, images/valid/1.png, images/valid/1.png",
    "kitchen.csv, garden/1.png, kitchen/1.png, kitchen/1.png",
    "train_images.csv, train_images/1.png, val_images/1.png, train_images/1.png",
    "lists/val/boxes.csv, pictures/train/1.png, pictures/val/1.png, pictures/val/1.png",
    "val/boxes.csv, train/1.png, val/1.png, val/1.png",
    "second/boxes.csv, first/1.png, second/1.png, second/1.png",
    "lists/v1.0/boxes.csv, pictures/v1.0/1.png, pictures/v1.1/1.png, pictures/v1.0/1.png",
  })
  void theNameAndThePlaceOfTheDataTellWhich(
      String file, String first, String second, String expected) throws IOException {
    writePictures(first, second);
    Path images = first.startsWith("pictures") ? root.resolve("pictures") : root;
    assertEquals(expected, found(file, images));
  }

  @ParameterizedTest
  @CsvSource({
    "boxes.csv, train/1.png, val/1.png",
    "val.csv, train/1.png, street/1.png",
    "train_val.csv, train/1.png, val/1.png",
    "val.csv, val/1.png, images/val/1.png",
    // The name tells one and the place the other.
    "val/train.csv, train/1.png, val/1.png",
  })
  void recordsThatMayMeanEitherAreLeftOut(String file, String first, String second)
      throws IOException {
    writePictures(first, second);
    String problem = found(file, root);
    assertTrue(problem.contains(root.resolve(first).toString()), problem);
    assertTrue(problem.contains(root.resolve(second).toString()), problem);
    assertTrue(problem.contains("--images"), problem);
  }

  /** A name is that of a file in the directory that was given, before those below it. */
  @ParameterizedTest
  @CsvSource({
    "boxes.csv, 1.png, small/1.png, 1.png",
    "boxes.csv, images/1.png, masks/1.png, images/1.png",
    "boxes.csv, JPEGImages/1.png, SegmentationClass/1.png, JPEGImages/1.png",
    "val.csv, 1.png, val/1.png, val/1.png",
  })
  void theUsualPlaceComesFirst(String file, String first, String second, String expected)
      throws IOException {
    writePictures(first, second);
    assertEquals(expected, found(file, root));
  }

  /** Although both are in a directory of its directory's name. */
  @Test
  void thePictureBesideTheDataIsMeant() throws IOException {
    writePictures("a/set/1.png", "b/set/1.png");
    assertEquals("b/set/1.png", found("b/set/boxes.csv", root, "set/1.png"));
  }

  @Test
  void copiesOfAPictureAreOne() throws IOException {
    writePictures("a/1.png", "c/other.png");
    Files.createDirectories(root.resolve("b"));
    Files.copy(root.resolve("a/1.png"), root.resolve("b/1.png"));
    assertEquals("a/1.png", found("boxes.csv", root));
    assertEquals("b/1.png", found("b.csv", root));
  }

  /** Each split of a directory of VOC has its own pictures of the same names. */
  @Test
  void theSplitTellsWhich() throws IOException {
    writePictures("train/1.png", "val/1.png");
    Files.createDirectories(root.resolve("Annotations"));
    Files.writeString(
        root.resolve("Annotations/1.xml"),
        "<annotation><filename>1.png</filename><object><name>dog</name><bndbox><xmin>5</xmin>"
            + "<ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>");
    List<String> all = new ArrayList<>();
    for (String split : List.of("train", "val")) {
      Files.writeString(root.resolve(split + ".txt"), "1\n");
      all.add(found(DataForm.VOC.open(root, null, split, null)));
    }
    assertEquals(List.of("train/1.png", "val/1.png"), all);
    String whole = found(DataForm.VOC.open(root, null, null, null));
    assertTrue(whole.contains("train/1.png and "), whole);
  }
}
