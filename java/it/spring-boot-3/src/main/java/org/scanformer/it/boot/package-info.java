/** A service of Spring Boot with the library and the bundled model. */
package org.scanformer.it.boot;
