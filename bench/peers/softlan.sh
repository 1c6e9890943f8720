# softlan as a subject of the peer benchmark: copy it to that bench's subjects/ folder.
# SOFTLAN names the tree; `make` builds what is measured.
SOFTLAN=${SOFTLAN:-$HERE/../..}
APP=$SOFTLAN/build-release/src/app
DESC="softlan: lanparty-relay, -gateway, -client; QUIC datagrams, AES-GCM, MTU ${MTU:=1380}"
PLAYER_IF=lan0
NET_SETTLE=3
TRUST="--relay-ca-cert $RUN/relay.der --server-name lanparty-relay.local --room BENCH"
check() { need "$APP/relay/lanparty-relay" "$APP/gateway/lanparty-gateway" \
    "$APP/client/lanparty-client"; }
net_up() {
    local i
    spawn relay inet "$APP/relay/lanparty-relay" --listen 0.0.0.0:4433 --room-mtu "$MTU" \
        --state-dir "$RUN/state" --dev-cert-der-out "$RUN/relay.der" \
        --status-socket "$RUN/relay.sock"
    for i in $(seq 100); do [ ! -s "$RUN/relay.der" ] || break; sleep 0.05; done
    # shellcheck disable=SC2086
    spawn gw gw "$APP/gateway/lanparty-gateway" --relay $RELAY_GW:4433 $TRUST \
        --interface lan0 --identity "$RUN/gw.json" --status-socket "$RUN/gw.sock"
}
client_up() {
    # shellcheck disable=SC2086
    spawn player player "$APP/client/lanparty-client" --relay $RELAY_PLAYER:4433 $TRUST \
        --tap lan0 --identity "$RUN/player.json" --status-socket "$RUN/player.sock"
}
