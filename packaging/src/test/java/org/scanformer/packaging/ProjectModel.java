package org.scanformer.packaging;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The POM of a module. */
record ProjectModel(Path directory, Document pom) {
  /** That of a directory. */
  static ProjectModel of(Path directory) throws Exception {
    return new ProjectModel(
        directory,
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(directory.resolve("pom.xml").toFile()));
  }

  /** All modules, by their artifacts' names; those of profiles too. */
  static Map<String, ProjectModel> all() throws Exception {
    Map<String, ProjectModel> all = new TreeMap<>();
    of(BuiltJar.REPOSITORY).add(all, true);
    return all;
  }

  /** Those that are published, parents too. */
  static Map<String, ProjectModel> published() throws Exception {
    Map<String, ProjectModel> published = new TreeMap<>();
    of(BuiltJar.REPOSITORY).add(published, false);
    return published;
  }

  /** Adds this and the modules below, which are not published where this is not. */
  private void add(Map<String, ProjectModel> models, boolean unpublished) throws Exception {
    if (unpublished
        || texts("/project/properties/maven.deploy.skip").stream().noneMatch("true"::equals)) {
      models.put(artifact(), this);
      for (String module : texts("//modules/module")) {
        of(directory.resolve(module)).add(models, unpublished);
      }
    }
  }

  String artifact() throws XPathExpressionException {
    return texts("/project/artifactId").get(0);
  }

  boolean isJar() throws XPathExpressionException {
    return !texts("/project/packaging").contains("pom");
  }

  /** What an XPath finds, as texts. */
  List<String> texts(String path) throws XPathExpressionException {
    NodeList nodes =
        (NodeList)
            XPathFactory.newInstance().newXPath().evaluate(path, pom, XPathConstants.NODESET);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent().strip());
    }
    return texts;
  }
}
