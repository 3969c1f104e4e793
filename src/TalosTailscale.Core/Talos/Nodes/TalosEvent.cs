using Google.Protobuf;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <summary>Something that happened on a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Id">The event's id.</param>
/// <param name="ActorId">The restart or upgrade that it belongs to; empty for none.</param>
/// <param name="Kind">Sequence, Phase, Task, ServiceState or MachineStatus.</param>
/// <param name="Subject">What it is about: the sequence, phase, task or service; the stage for MachineStatus.</param>
/// <param name="Action">What happened to it (<c>Start</c>, <c>Stop</c>, <c>Running</c>; <c>Ready</c> or <c>NotReady</c> for MachineStatus).</param>
/// <param name="Message">An error or further text; empty for none.</param>
public sealed record TalosEvent(
    string Node,
    string Id,
    string ActorId,
    string Kind,
    string Subject,
    string Action,
    string Message
);

/// <summary>Reads the payloads of events.</summary>
internal static class TalosEvents
{
    private const string Prefix = "talos/runtime/machine.";

    internal static TalosEvent? Read(string node, Event e)
    {
        string url = e.Data?.TypeUrl ?? "";
        if (!url.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        ByteString body = e.Data!.Value;
        return url[Prefix.Length..] switch
        {
            "SequenceEvent" => Parse(body, SequenceEvent.Parser, m =>
                Make("Sequence", m.Sequence, m.Action.ToString(), m.Error?.Message)
            ),
            "PhaseEvent" => Parse(body, PhaseEvent.Parser, m => Make("Phase", m.Phase, m.Action.ToString(), null)),
            "TaskEvent" => Parse(body, TaskEvent.Parser, m => Make("Task", m.Task, m.Action.ToString(), null)),
            "ServiceStateEvent" => Parse(body, ServiceStateEvent.Parser, m =>
                Make("ServiceState", m.Service, m.Action.ToString(), m.Message)
            ),
            "MachineStatusEvent" => Parse(body, MachineStatusEvent.Parser, m =>
                Make(
                    "MachineStatus",
                    m.Stage.ToString(),
                    m.Status?.Ready == true ? "Ready" : "NotReady",
                    string.Join("; ", m.Status?.UnmetConditions.Select(c => $"{c.Name}: {c.Reason}") ?? [])
                )
            ),
            _ => null,
        };

        TalosEvent Make(string kind, string subject, string action, string? message) =>
            new(node, e.Id, e.ActorId, kind, subject, action, message ?? "");

        TalosEvent Parse<T>(ByteString bytes, MessageParser<T> parser, Func<T, TalosEvent> read)
            where T : IMessage<T>
        {
            try
            {
                return read(parser.ParseFrom(bytes));
            }
            catch (InvalidProtocolBufferException error)
            {
                throw TalosErrors.TalosProtocolViolation.New(
                    $"An event of '{node}' ('{url}') cannot be read.",
                    node,
                    error
                );
            }
        }
    }
}
