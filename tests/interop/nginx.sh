# An nginx that asks agents for their certificates; sourced after tests/cli/lib.sh.

# nginx_conf PORT CERTIFICATE KEY TRUST CRLS: writes nginx.conf; paths are absolute. Serves nginx/index.html.
nginx_conf() {
  mkdir -p "$work/nginx"
  echo hello >"$work/nginx/index.html"
  cat >"$work/nginx.conf" <<C
daemon off;
$([[ $(id -u) != 0 ]] || echo 'user root;')
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $work/nginx/body;
  proxy_temp_path $work/nginx/proxy;
  fastcgi_temp_path $work/nginx/fastcgi;
  uwsgi_temp_path $work/nginx/uwsgi;
  scgi_temp_path $work/nginx/scgi;
  server {
    listen 127.0.0.1:$1 ssl;
    ssl_certificate $2;
    ssl_certificate_key $3;
    ssl_client_certificate $4;
    ssl_crl $5;
    ssl_verify_client on;
    ssl_verify_depth 3;
    root $work/nginx;
  }
}
C
}

# start COMMAND...: a server on $port, with its output in server.log, once it listens; `stop` ends it.
server=
port=$((20000 + RANDOM % 20000))
stop() {
  [[ -z $server ]] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  server=
}
start() {
  local i
  stop
  "$@" >"$work/server.log" 2>&1 </dev/null &
  server=$!
  for ((i = 0; i < 400; ++i)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    kill -0 $server 2>/dev/null || fail "the server has ended: $(cat "$work/server.log")"
    sleep 0.05
  done
  fail "nothing listens on port $port"
}
start_nginx_with() {
  nginx_conf "$port" "$@"
  start "$nginx" -e "$work/nginx/error.log" -p "$work/nginx" -c "$work/nginx.conf"
}
