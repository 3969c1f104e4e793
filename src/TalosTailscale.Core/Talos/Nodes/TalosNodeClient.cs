using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using TalosTailscale.Core.Images;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// The calls of the Talos API to one node. Every call ends: by its answer, its deadline, or its token. What goes wrong
/// is a <see cref="TsException"/> with one of <see cref="TalosErrors"/>.
/// </summary>
public sealed partial class TalosNodeClient
{
    private readonly TalosCaller _caller;
    private TalosVersion? _version;

    internal TalosNodeClient(TalosCaller caller) => _caller = caller;

    /// <summary>What results and errors call the node.</summary>
    public string Node => _caller.Node;

    /// <summary>The client that it belongs to.</summary>
    public TalosClient Client => _caller.Client;

    /// <summary>The address that calls are passed on to; null for the endpoint itself.</summary>
    internal string? Address => _caller.Address;

    /// <summary>The same node with another time for calls that have none of their own.</summary>
    /// <param name="callTimeout">For one answer, and for each part of an answer in parts.</param>
    /// <returns>The node.</returns>
    public TalosNodeClient With(TimeSpan callTimeout) => new(_caller.With(callTimeout)) { _version = _version };

    private static Empty Nothing { get; } = new();

    /// <summary>Version, architecture and platform.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The answer.</returns>
    public async Task<TalosVersion> VersionAsync(CancellationToken cancellation = default)
    {
        VersionResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("Version"),
                (invoker, options) => Machine(invoker).VersionAsync(Nothing, options),
                cancellation
            )
            .ConfigureAwait(false);
        Protos.Machine.Version version = Single(answer.Messages, "Version");
        string tag = version.Version_?.Tag ?? "";
        if (tag.Length > 0 && VersionTag.TryParse(tag) is null)
            throw TalosErrors.TalosProtocolViolation.New(
                $"'{Node}' says that it runs Talos '{tag}', which is no version.",
                Node
            );
        _version = new TalosVersion
        {
            Node = Node,
            Tag = tag,
            Version = TalosTag.Parse(tag),
            Sha = version.Version_?.Sha,
            Architecture = version.Version_?.Arch switch
            {
                "amd64" => TalosArchitecture.Amd64,
                "arm64" => TalosArchitecture.Arm64,
                _ => TalosArchitecture.Unknown,
            },
            Platform = version.Platform?.Name,
            Rbac = version.Features?.Rbac ?? false,
        };
        return _version;
    }

    private static MachineService.MachineServiceClient Machine(Grpc.Core.CallInvoker invoker) => new(invoker);

    // 1.12 and older treat an unknown method as one for admins, so its absence shows as a missing role: ask the version.
    private async Task<bool> HasServicesOf113Async(CancellationToken cancellation)
    {
        TalosVersion version = _version ?? await VersionAsync(cancellation).ConfigureAwait(false);
        return version.Version >= new System.Version(1, 13);
    }

    private T Single<T>(IReadOnlyList<T> messages, string method) =>
        messages.Count == 1
            ? messages[0]
            : throw TalosErrors.TalosProtocolViolation.New(
                $"{method} on '{Node}' gave {messages.Count} answers; expected one.",
                Node
            );

    private TsException? Failure(Metadata? metadata, string method) =>
        string.IsNullOrEmpty(metadata?.Error)
            ? null
            : TalosErrors.TalosCallFailed.New($"{method} on '{Node}' failed: {metadata.Error}", Node);

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> BytesAsync(string method, IAsyncEnumerable<Data> parts)
    {
        await foreach (Data part in parts.ConfigureAwait(false))
        {
            if (Failure(part.Metadata, method) is { } failure)
                throw failure;
            if (!part.Bytes.IsEmpty)
                yield return part.Bytes.Memory;
        }
    }

    // Go's zero time is the year 1, and what was never set is 1970: neither is when anything happened.
    private static DateTimeOffset? Time(Timestamp? time) => time is { Seconds: > 0 } ? time.ToDateTimeOffset() : null;

    private static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);
}
