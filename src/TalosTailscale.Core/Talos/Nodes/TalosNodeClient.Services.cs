using System.Runtime.CompilerServices;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Services and their logs.</content>
public sealed partial class TalosNodeClient
{
    /// <summary>The log of the kernel, as <see cref="LogsAsync"/> takes it.</summary>
    public const string KernelLog = "kernel";

    private const string SystemNamespace = "system";

    /// <summary>All services.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The services in the node's order.</returns>
    public async Task<IReadOnlyList<TalosService>> ServiceListAsync(CancellationToken cancellation = default)
    {
        ServiceListResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("ServiceList"),
                (invoker, options) => Machine(invoker).ServiceListAsync(Nothing, options),
                cancellation
            )
            .ConfigureAwait(false);
        ServiceList list = Single(answer.Messages, "ServiceList");
        return Failure(list.Metadata, "ServiceList") is { } failure
            ? throw failure
            : [.. list.Services.Select(Service)];
    }

    /// <summary>Starts a service; returns before it runs. Starting one that runs does nothing.</summary>
    /// <param name="id">The service.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The node's words.</returns>
    public async Task<string> ServiceStartAsync(string id, CancellationToken cancellation = default)
    {
        ServiceStartResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("ServiceStart", TalosCall.Operator),
                (invoker, options) => Machine(invoker).ServiceStartAsync(new ServiceStartRequest { Id = id }, options),
                cancellation
            )
            .ConfigureAwait(false);
        ServiceStart result = Single(answer.Messages, "ServiceStart");
        return Failure(result.Metadata, "ServiceStart") is { } failure ? throw failure : result.Resp;
    }

    /// <summary>Stops a service.</summary>
    /// <param name="id">The service.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The node's words.</returns>
    public async Task<string> ServiceStopAsync(string id, CancellationToken cancellation = default)
    {
        ServiceStopResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("ServiceStop", TalosCall.Operator),
                (invoker, options) => Machine(invoker).ServiceStopAsync(new ServiceStopRequest { Id = id }, options),
                cancellation
            )
            .ConfigureAwait(false);
        ServiceStop result = Single(answer.Messages, "ServiceStop");
        return Failure(result.Metadata, "ServiceStop") is { } failure ? throw failure : result.Resp;
    }

    /// <summary>Stops and starts a service; starts one that is stopped.</summary>
    /// <param name="id">The service.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The node's words.</returns>
    public async Task<string> ServiceRestartAsync(string id, CancellationToken cancellation = default)
    {
        ServiceRestartResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("ServiceRestart", TalosCall.Operator),
                (invoker, options) =>
                    Machine(invoker).ServiceRestartAsync(new ServiceRestartRequest { Id = id }, options),
                cancellation
            )
            .ConfigureAwait(false);
        ServiceRestart result = Single(answer.Messages, "ServiceRestart");
        return Failure(result.Metadata, "ServiceRestart") is { } failure ? throw failure : result.Resp;
    }

    /// <summary>The log of a service, line by line.</summary>
    /// <param name="id">The service (<c>ext-tailscale</c>) or <see cref="KernelLog"/>.</param>
    /// <param name="tail">How many of the last lines; null for all there are.</param>
    /// <param name="follow">True to go on with what is written from now on, until cancelled.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The lines, without their ends, however the node cut them into messages.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosServiceNotStarted"/> of a service that waits for something.</exception>
    public async IAsyncEnumerable<string> LogsAsync(
        string id,
        int? tail = null,
        bool follow = false,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var request = new LogsRequest
        {
            Namespace = SystemNamespace,
            Id = id,
            Driver = ContainerDriver.Containerd,
            Follow = follow,
            TailLines = tail ?? -1,
        };
        IAsyncEnumerable<Data> parts = _caller.StreamAsync(
            TalosCall.Read($"Logs {id}"),
            (invoker, options) => Machine(invoker).Logs(request, options),
            cancellation,
            follow ? Timeout.InfiniteTimeSpan : null
        );
        IAsyncEnumerator<string> lines = TextLines
            .ReadAsync(BytesAsync("Logs", parts), cancellation)
            .GetAsyncEnumerator(cancellation);
        await using ConfiguredAsyncDisposable closing = lines.ConfigureAwait(false);
        while (await NextAsync().ConfigureAwait(false))
            yield return lines.Current;

        async Task<bool> NextAsync()
        {
            try
            {
                return await lines.MoveNextAsync().ConfigureAwait(false);
            }
            catch (TsException e) when (e.Error == TalosErrors.TalosServiceNotFound)
            {
                throw await WithoutLogAsync(id, e, cancellation).ConfigureAwait(false);
            }
        }
    }

    // Talos registers a log when the service first starts: a service that waits has none, and is there all the same.
    private async Task<TsException> WithoutLogAsync(string id, TsException unknown, CancellationToken cancellation)
    {
        IReadOnlyList<TalosService> services = await ServiceListAsync(cancellation).ConfigureAwait(false);
        if (services.FirstOrDefault(one => one.Id == id) is not { } service)
            return unknown;
        string last = service.Events.Count == 0 ? "" : $": {service.Events[^1].Message}";
        return TalosErrors.TalosServiceNotStarted.New(
            $"'{id}' on '{Node}' has no log, since it has not been started. It is {service.State}{last}.",
            Node,
            unknown
        );
    }

    /// <summary>The kernel's messages (<c>facility: priority: [time]: text</c>).</summary>
    /// <param name="follow">True to go on until cancelled.</param>
    /// <param name="onlyNew">With <paramref name="follow"/>, true to leave out what is there.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The lines.</returns>
    public IAsyncEnumerable<string> DmesgAsync(
        bool follow = false,
        bool onlyNew = false,
        CancellationToken cancellation = default
    )
    {
        var request = new DmesgRequest { Follow = follow, Tail = onlyNew };
        IAsyncEnumerable<Data> parts = _caller.StreamAsync(
            TalosCall.Read("Dmesg"),
            (invoker, options) => Machine(invoker).Dmesg(request, options),
            cancellation,
            follow ? Timeout.InfiniteTimeSpan : null
        );
        return TextLines.ReadAsync(BytesAsync("Dmesg", parts), cancellation);
    }

    /// <summary>The ids that have a log.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The ids.</returns>
    public async Task<IReadOnlyList<string>> LogIdsAsync(CancellationToken cancellation = default)
    {
        LogsContainersResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("LogsContainers"),
                (invoker, options) => Machine(invoker).LogsContainersAsync(Nothing, options),
                cancellation
            )
            .ConfigureAwait(false);
        return [.. Single(answer.Messages, "LogsContainers").Ids];
    }

    /// <summary>What happens on the node, as it happens.</summary>
    /// <param name="tail">How many past events to begin with; -1 for all there are.</param>
    /// <param name="actorId">Only those of one restart or upgrade; null for all.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The events of the kinds that this module knows.</returns>
    public async IAsyncEnumerable<TalosEvent> EventsAsync(
        int tail = 0,
        string? actorId = null,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var request = new EventsRequest { TailEvents = tail, WithActorId = actorId ?? "" };
        IAsyncEnumerable<Event> events = _caller.StreamAsync(
            TalosCall.Read("Events"),
            (invoker, options) => Machine(invoker).Events(request, options),
            cancellation,
            Timeout.InfiniteTimeSpan
        );
        await foreach (Event one in events.ConfigureAwait(false))
        {
            if (Failure(one.Metadata, "Events") is { } failure)
                throw failure;
            if (TalosEvents.Read(Node, one) is { } known)
                yield return known;
        }
    }

    private TalosService Service(ServiceInfo service) =>
        new()
        {
            Node = Node,
            Id = service.Id,
            State = service.State,
            Healthy = service.Health is null || service.Health.Unknown ? null : service.Health.Healthy,
            HealthMessage = service.Health?.LastMessage ?? "",
            // A service without a health check has no such time, and its last event tells.
            LastChange = Time(service.Health?.LastChange) ?? Time(service.Events?.Events.LastOrDefault()?.Ts),
            Events = [.. service.Events?.Events.Select(e => new TalosServiceEvent(Time(e.Ts), e.State, e.Msg)) ?? []],
        };
}
