#!/bin/bash
# usage: run.sh opensearch|opensearch-secure|es7|es8|es8-xpack|es9 PORT DATADIR [setting=value ...]
# Starts one real node in the foreground on 127.0.0.1:PORT (0: any free port), prints
# "READY http://127.0.0.1:PORT pid=PID" once it answers, stops on SIGTERM to that pid.
# opensearch-secure and es8-xpack say https, and their authority's certificate is DATADIR/config/ca.pem.
# Jars come from Maven Central; the class path and the compiled launcher are kept in
# ${ES_RUNNER_CACHE:-~/.cache/es-runner}, so only the first start runs mvn and javac.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
kind=${1:?kind}; port=${2:?port}; data=${3:?datadir}; shift 3
case $kind in
  opensearch) jdk=25 main=OsMain src="$here/opensearch" ;;
  opensearch-secure) jdk=17 main=OsSecureMain src="$here/opensearch-secure" ;;
  es7) jdk=17 main=Es7Main src="$here/es7" ;;
  es8) jdk=17 main=org.elasticsearch.node.EsMain src="$here/es8 $here/es9" ;;
  es8-xpack) jdk=17 main=org.elasticsearch.node.EsMain src="$here/es8-xpack $here/es9" ;;
  es9) jdk=25 main=org.elasticsearch.node.EsMain src="$here/es9" ;;
  *) echo "unknown kind $kind" >&2; exit 2 ;;
esac
case $jdk in
  17) home=${ES_RUNNER_JAVA17:-$(ls -d /usr/lib/jvm/*-17-* 2>/dev/null | head -n 1)} flags= ;;
  25) home=${ES_RUNNER_JAVA25:-$(ls -d /usr/lib/jvm/*-25-* 2>/dev/null | head -n 1)}
      flags='--enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector --sun-misc-unsafe-memory-access=allow' ;;
esac
[ -x "$home/bin/javac" ] || { echo "no JDK $jdk at "$home" (set ES_RUNNER_JAVA$jdk)" >&2; exit 2; }
export JAVA_HOME=$home
mapfile -t java < <(find $src -name '*.java' | sort)
key=$(cat "$here/$kind/pom.xml" "${java[@]}" | sha256sum | cut -c1-12)
root=${ES_RUNNER_CACHE:-$HOME/.cache/es-runner}; cache=$root/$kind-$key
fresh() { [ -f "$cache/cp.txt" ] && tr ':' '\n' < "$cache/cp.txt" | while read -r j; do [ -f "$j" ] || exit 1; done; }
if ! fresh; then
  mkdir -p "$root"; tmp=$(mktemp -d "$root/.$kind.XXXXXX"); mkdir "$tmp/classes"
  mvn -q -B -f "$here/$kind/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath \
    -DexcludeTypes=zip -Dmdep.outputFile="$tmp/cp.txt" >"$tmp/mvn.log" 2>&1 </dev/null || { cat "$tmp/mvn.log" >&2; exit 1; }
  if [ $kind = opensearch-secure ]; then   # a plugin comes as a zip, with its jars and its config
    mvn -q -B -f "$here/$kind/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack-dependencies \
      -DincludeTypes=zip -DmarkersDirectory="$tmp/markers" -DoutputDirectory="$tmp/plugin" >"$tmp/mvn.log" 2>&1 </dev/null || { cat "$tmp/mvn.log" >&2; exit 1; }
  fi
  "$home/bin/javac" -nowarn -proc:none -d "$tmp/classes" -cp "$(cat "$tmp/cp.txt"):$tmp/plugin/*" "${java[@]}" >&2
  rm -rf "$cache"; mv -T "$tmp" "$cache" 2>/dev/null || fresh   # another start may have won the race
fi
mkdir -p "$data"; data=$(cd "$data" && pwd -P)
case $kind in opensearch-secure|es8-xpack) secure=yes ;; *) secure= ;; esac
if [ -n "$secure" ] && [ ! -f "$data/config/node.pem" ]; then
  mkdir "$data/config"
  [ $kind = es8-xpack ] && echo admin:admin >"$data/config/users" && echo superuser:admin >"$data/config/users_roles"
  [ $kind = opensearch-secure ] && cp -r "$cache/plugin/config" "$data/config/opensearch-security"   # with its user admin, password admin
  ( cd "$data/config"; new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    openssl req -x509 $new -days 2 -subj '/CN=test authority' -keyout ca.key -out ca.pem
    openssl req $new -subj '/CN=n1' -keyout node.key -out node.csr
    openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
      -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out node.pem ) >"$data/openssl.log" 2>&1 || { cat "$data/openssl.log" >&2; exit 1; }
fi
if [ $kind = es8-xpack ]; then
  x=org.elasticsearch.xpack
  flags="-Dplugins=$x.security.EmailAnalysis,$x.core.XPackPlugin,$x.security.NoSaml,$x.esql.core.plugin.EsqlCorePlugin,$x.esql.plugin.EsqlPlugin"
  set -- xpack.license.self_generated.type=trial xpack.security.enabled=true xpack.security.http.ssl.enabled=true \
    xpack.security.http.ssl.key=node.key xpack.security.http.ssl.certificate=node.pem "$@"
fi
exec "$home/bin/java" -Xms256m -Xmx"${ES_RUNNER_HEAP:-1g}" -XX:+UseSerialGC -Djava.awt.headless=true -Dlog4j2.disable.jmx=true $flags \
  -cp "$cache/classes:$(cat "$cache/cp.txt"):$cache/plugin/*" $main "$port" "$data" "$@" </dev/null
