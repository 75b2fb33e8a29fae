#!/usr/bin/env bats
# The catalogue and the site file: what is wrong is named with its place and a remedy.
# shellcheck disable=SC2016,SC2154 # backticks and ${} are meant literally; bats sets stderr
load helpers

setup() {
	isolate
}

@test "the small catalogue is in order" {
	ctl config check
	exits 0
	[ "$output" = "catalogue and site file are in order: 3 services" ]
	ctl config check -o json
	json '.schema_version == 1 and .ok and .services == 3'
}

@test "the real catalogue is in order" {
	export DATAFLOW_ROOT=$ROOT
	ctl config check
	exits 0
}

@test "config show marks what the site file says" {
	site '{platform: {greeting: goodbye}, services: {alpha: {settings: {size: 7}, ports: {client: 47301}}, beta: {engine: slow}}, profiles: [extra]}'
	ctl config show -o json
	exits 0
	json '.schema_version == 1 and .profiles == ["extra"]'
	json '.platform.greeting == {value: "goodbye", from: "site"}'
	json '.services[0].settings.size == {value: 7, from: "site"} and .services[0].settings.loud == {value: false, from: "default"}'
	json '.services[0].ports.client == {value: 47301, from: "site"}'
	json '.services[1].engine == {value: "slow", from: "site"}'
	ctl config show alpha
	says "alpha.size"
	[[ $output != *beta.engine* ]]
}

@test "the port offset moves every port, by option and by site file" {
	ctl --port-offset 100 config show -o json
	json '[.services[].ports[]?.value] == [47201, 47202]'
	json '.services[0].ports.client.from == "offset"'
	site 'port_offset: 200'
	ctl config show -o json
	json '.port_offset == 200 and .services[1].ports.http.value == 47302'
	ctl --port-offset 30000 config check
	exits 3
	complains "would be 77101"
	complains "smaller port offset"
}

@test "an external service keeps its port and its host" {
	site '{port_offset: 10, services: {alpha: {external: true, host: db.example.com, ports: {client: 5432}}}}'
	ctl config show alpha -o json
	json '.services[0] | .external and .host == "db.example.com" and .ports.client.value == 5432'
}

@test "broken YAML is named by line and column" {
	edit alpha/service.yaml '3s/.*/profile: [base/'
	ctl config check
	exits 3
	[[ $stderr =~ alpha/service.yaml:[0-9]+:[0-9]+: ]]
	complains "remedy:"
}

@test "an unknown key names the nearest one" {
	edit alpha/service.yaml 's/^memory_mb:/memroy_mb:/'
	ctl config check
	exits 3
	complains 'alpha/service.yaml:4:1: unknown key `memroy_mb`'
	complains 'did you mean `memory_mb`?'
}

@test "a key that is there twice" {
	edit alpha/service.yaml '$a name: alpha'
	ctl config check
	exits 3
	complains "the key name is there twice"
}

@test "a wrong type" {
	edit alpha/service.yaml 's/^memory_mb: 10/memory_mb: much/'
	ctl config check
	exits 3
	complains 'service.yaml:4:12: `memory_mb` must be an integer, not "much"'
}

@test "a list where a map belongs" {
	edit alpha/service.yaml 's/^ports:.*/ports: [47101]/'
	ctl config check
	exits 3
	complains '`ports` must be a map, not a list'
}

@test "an unknown name in a template, with its place" {
	edit alpha/alpha.conf 's/${client}/${clinet}/'
	ctl config check
	exits 3
	complains 'alpha/alpha.conf:1:10: unknown name ${clinet}'
	complains 'did you mean ${client}?'
}

@test "a template that does not end" {
	edit alpha/alpha.conf 's/${client}/${client/'
	ctl config check
	exits 3
	complains 'alpha.conf:1:10:'
}

@test "a secret in a script is refused" {
	edit alpha/service.yaml 's/^run:.*/run: exec echo ${secret.alpha_admin}/'
	ctl config check
	exits 3
	complains 'would stand in a process list'
}

@test "an unknown secret" {
	edit alpha/alpha.conf 's/secret.alpha_admin/secret.alpha_amdin/'
	ctl config check
	exits 3
	complains 'did you mean ${secret.alpha_admin}?'
}

@test "two services on one port" {
	edit beta/service.yaml 's/47102/47101/'
	ctl config check
	exits 3
	complains "port 47101 is both beta.http and alpha.client"
	complains "services: {beta: {ports: {http:"
}

@test "a circle of needs" {
	edit alpha/service.yaml '$a needs: [gamma]'
	ctl config check
	exits 3
	complains "a circle of needs: alpha → gamma → beta → alpha"
}

@test "a need that is not there" {
	edit beta/service.yaml 's/^needs:.*/needs: [alhpa]/'
	ctl config check
	exits 3
	complains 'unknown service `alhpa`'
	complains 'did you mean `alpha`?'
}

@test "an unknown profile of a service" {
	edit beta/service.yaml 's/^profile:.*/profile: nightly/'
	ctl config check
	exits 3
	complains 'catalogue.yaml has no profile `nightly`'
}

@test "an unknown kind of probe" {
	edit gamma/service.yaml 's/^  tcp:/  tpc:/'
	ctl config check
	exits 3
	complains 'unknown key `tpc`'
	complains 'did you mean `tcp`?'
}

@test "a probe without an argument it needs" {
	edit gamma/service.yaml 's/host: "${alpha.host}", //'
	ctl config check
	exits 3
	complains 'the tcp probe needs `host`'
}

@test "a name that is not the folder's" {
	edit gamma/service.yaml 's/^name:.*/name: delta/'
	ctl config check
	exits 3
	complains "must be the folder's name, gamma"
}

@test "the site file: unknown keys, services, settings, ports and engines" {
	site '{servcies: {}}'
	ctl config check
	exits 3
	complains 'did you mean `services`?'
	site '{services: {alhpa: {}}}'
	ctl config check
	exits 3
	complains 'did you mean `alpha`?'
	site '{services: {alpha: {settings: {sise: 3}}}}'
	ctl config check
	exits 3
	complains 'platform.yaml:1:'
	complains 'did you mean `size`?'
	site '{services: {alpha: {ports: {server: 3}}}}'
	ctl config check
	exits 3
	complains 'alpha has no port `server`'
	site '{services: {beta: {engine: medium}}}'
	ctl config check
	exits 3
	complains 'no engine `medium`'
	complains "choose one of: fast, slow"
	site '{services: {alpha: {engine: fast}}}'
	ctl config check
	exits 3
	complains "no engines to choose from"
}

@test "the site file: values out of bounds and of the wrong kind" {
	site '{services: {alpha: {settings: {size: 11}}}}'
	ctl config check
	exits 3
	complains '`size` is out of bounds: 11'
	complains "from 1 to 10"
	site '{services: {alpha: {settings: {loud: maybe}}}}'
	ctl config check
	exits 3
	complains '`loud` must be true or false'
	site '{platform: {greeting: hi}}'
	ctl config check
	exits 3
	complains "choose one of: hello, goodbye"
	site '{services: {alpha: {host: db.example.com}}}'
	ctl config check
	exits 3
	complains "goes with \`external: true\`"
	site '{secrets: {alpha_admin: {value: open}}}'
	ctl config check
	exits 3
	complains 'unknown key `value`'
}

@test "a site file that was named but is not there" {
	ctl --config "$BATS_TEST_TMPDIR/nowhere.yaml" config check
	exits 3
	complains "nowhere.yaml"
	complains "--config FILE"
}

@test "a folder without catalogue" {
	ctl --root "$BATS_TEST_TMPDIR" config check
	exits 3
	complains "no catalogue"
	complains "--root DIR"
}

@test "config knows only show and check" {
	ctl config edit
	exits 2
	complains "choose one of: show, check"
}
