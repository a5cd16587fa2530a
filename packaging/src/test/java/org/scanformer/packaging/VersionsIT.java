package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The BOM and the README name what is published, in this version. */
class VersionsIT {
  private static final String VERSION = System.getProperty("version");

  @Test
  void theBomHasEveryPublishedJar() throws Exception {
    Set<String> published = new TreeSet<>();
    addPublished(BuiltJar.REPOSITORY, published);
    assertFalse(published.isEmpty());
    Document bom = pom(BuiltJar.REPOSITORY.resolve("bom"));
    Set<String> managed =
        new TreeSet<>(texts(bom, "/project/dependencyManagement//dependency/artifactId"));
    assertEquals(published, managed);
    assertEquals(List.of(VERSION), texts(bom, "/project/parent/version"));
  }

  @Test
  void theReadmeNamesThisVersion() throws Exception {
    String readme = Files.readString(BuiltJar.REPOSITORY.resolve("README.md"));
    Matcher version = Pattern.compile("<version>(.*?)</version>").matcher(readme);
    int found = 0;
    for (; version.find(); found++) {
      assertEquals(VERSION, version.group(1));
    }
    assertFalse(found == 0, "no dependency block in the README");
  }

  private static void addPublished(Path directory, Set<String> published) throws Exception {
    Document pom = pom(directory);
    for (String module : texts(pom, "/project/modules/module")) {
      addPublished(directory.resolve(module), published);
    }
    boolean jar = !texts(pom, "/project/packaging").contains("pom");
    if (jar && texts(pom, "/project/properties/maven.deploy.skip").isEmpty()) {
      published.addAll(texts(pom, "/project/artifactId"));
    }
  }

  private static Document pom(Path directory) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(directory.resolve("pom.xml").toFile());
  }

  private static List<String> texts(Document pom, String path) throws Exception {
    XPath xpath = XPathFactory.newInstance().newXPath();
    NodeList nodes = (NodeList) xpath.evaluate(path, pom, XPathConstants.NODESET);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent());
    }
    return texts;
  }
}
