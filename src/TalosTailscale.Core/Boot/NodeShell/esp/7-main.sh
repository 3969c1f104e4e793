# esp.sh, beginning and end of a command: what is called, and what is left behind.

[ $# -ge 2 ] || usage 'sh esp.sh COMMAND DEVICE [ARGUMENT...]'
command=$1
shift
case $command:$# in
  probe:1 | list:1 | read:4 | raw:3 | fetch:4 | unlock:2 | lock:4 | break:2 | remove:3) ;;
  list:2 | verify:3 | staged:2 | source:2 | stage:5 | copy:5 | exchange:7 | rename:5) choose_hasher ;;
  *) usage "'$command' with $# arguments is not known" ;;
esac

trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
"cmd_$command" "$@"
