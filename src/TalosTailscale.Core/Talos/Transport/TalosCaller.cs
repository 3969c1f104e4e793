using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Carries calls to one node: picks the endpoint, sets metadata and deadline, connects anew and fails over, and turns
/// every failure into a <see cref="TsException"/> that names the node.
/// </summary>
internal sealed class TalosCaller(TalosClient client, string? node, string displayName, TimeSpan? callTimeout = null)
{
    internal string Node => displayName;

    internal string? Address => node;

    internal TalosClient Client => client;

    /// <summary>The same node with another time for its calls.</summary>
    internal TalosCaller With(TimeSpan timeout) => new(client, node, displayName, timeout);

    /// <summary>A call with one request and one answer.</summary>
    internal async Task<T> UnaryAsync<T>(
        TalosCall call,
        Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> start,
        CancellationToken cancellation,
        TimeSpan? timeout = null
    )
    {
        TalosEndpoint[] endpoints = client.Order();
        for (int attempt = 0; ; attempt++)
        {
            TalosChannel channel = client.Enter(endpoints[attempt % endpoints.Length]);
            long started = Stopwatch.GetTimestamp();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, client.Disposed);
            try
            {
                CallOptions options = Options(stop.Token)
                    .WithDeadline(DateTime.UtcNow + (timeout ?? callTimeout ?? client.Options.CallTimeout));
                using AsyncUnaryCall<T> running = start(channel.Invoker, options);
                T answer = await running.ResponseAsync.ConfigureAwait(false);
                channel.Answered();
                return answer;
            }
            catch (RpcException e)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!Judge(call, channel, e, started, attempt, endpoints.Length, answered: false))
                    throw Fail(call, channel, e);
            }
            finally
            {
                channel.Leave();
            }
        }
    }

    /// <summary>A call with one request and many answers.</summary>
    /// <param name="call">The call.</param>
    /// <param name="start">Starts it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="stall">How long the next answer may take; <see cref="Timeout.InfiniteTimeSpan"/> to follow.</param>
    internal async IAsyncEnumerable<T> StreamAsync<T>(
        TalosCall call,
        Func<CallInvoker, CallOptions, AsyncServerStreamingCall<T>> start,
        [EnumeratorCancellation] CancellationToken cancellation,
        TimeSpan? stall = null
    )
    {
        TimeSpan limit = stall ?? callTimeout ?? client.Options.StallTimeout;
        TalosEndpoint[] endpoints = client.Order();
        bool answered = false;
        for (int attempt = 0; ; attempt++)
        {
            TalosChannel channel = client.Enter(endpoints[attempt % endpoints.Length]);
            long started = Stopwatch.GetTimestamp();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, client.Disposed);
            try
            {
                using AsyncServerStreamingCall<T> running = start(channel.Invoker, Options(stop.Token));
                while (true)
                {
                    bool more;
                    try
                    {
                        stop.CancelAfter(limit);
                        more = await running.ResponseStream.MoveNext(stop.Token).ConfigureAwait(false);
                        channel.Answered();
                    }
                    catch (RpcException e)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        if (
                            e.StatusCode == StatusCode.Cancelled
                            && stop.IsCancellationRequested
                            && !client.Disposed.IsCancellationRequested
                        )
                            throw Silent(call, channel, e, limit);
                        if (!Judge(call, channel, e, started, attempt, endpoints.Length, answered))
                            throw Fail(call, channel, e);
                        break;
                    }

                    // The reader takes the time it needs: only the node's silence counts.
                    stop.CancelAfter(Timeout.InfiniteTimeSpan);
                    if (!more)
                        yield break;
                    answered = true;
                    yield return running.ResponseStream.Current;
                }
            }
            finally
            {
                channel.Leave();
            }
        }
    }

    /// <summary>A call with many requests and many answers; never repeated.</summary>
    internal async Task<T> DuplexAsync<T>(
        TalosCall call,
        Func<CallInvoker, CallOptions, CancellationToken, Task<T>> run,
        CancellationToken cancellation
    )
    {
        TalosEndpoint[] endpoints = client.Order();
        for (int attempt = 0; ; attempt++)
        {
            TalosChannel channel = client.Enter(endpoints[attempt % endpoints.Length]);
            long started = Stopwatch.GetTimestamp();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, client.Disposed);
            try
            {
                T result = await run(channel.Invoker, Options(stop.Token), stop.Token).ConfigureAwait(false);
                channel.Answered();
                return result;
            }
            catch (RpcException e)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!Judge(call, channel, e, started, attempt, endpoints.Length, answered: false))
                    throw Fail(call, channel, e);
            }
            finally
            {
                channel.Leave();
            }
        }
    }

    private CallOptions Options(CancellationToken cancellation)
    {
        // One value, never `nodes`: COSI refuses those, and 1.14 deprecates them.
        var metadata = new Metadata { { "runtime", "Talos" } };
        if (node is not null)
            metadata.Add("node", node);
        if (client.Context.Cluster is { } cluster)
            metadata.Add("context", cluster);
        if (client.Context.BasicAuthorization is { } authorization)
            metadata.Add("authorization", authorization);
        return new CallOptions(metadata, cancellationToken: cancellation);
    }

    /// <summary>After a failure: whether to try again, and whether the connection is still good.</summary>
    private bool Judge(
        TalosCall call,
        TalosChannel channel,
        RpcException e,
        long started,
        int attempt,
        int endpoints,
        bool answered
    )
    {
        bool dialled = TalosFailure.IsDial(e);
        bool broken = dialled || TalosFailure.IsBroken(e);

        // A node that lost its power leaves a connection that only looks alive: a timeout with nothing else coming back.
        bool silent = e.StatusCode == StatusCode.DeadlineExceeded && channel.SilentSince(started);
        if (broken || silent)
            channel.Failed();
        if ((broken && !dialled) || silent)
            client.Options.Connections.Retire(channel);
        if (!broken && e.StatusCode != StatusCode.DeadlineExceeded)
            channel.Answered();

        if (answered || e.StatusCode != StatusCode.Unavailable && !broken)
            return false;

        // In TLS 1.3 a refusal of the client's certificate comes after the client is done with the handshake.
        if (!TalosFailure.MayFailOver(e, channel.Alert))
            return false;
        if (dialled)
            return attempt + 1 < endpoints;

        // A pooled connection that broke while idle shows only when it is used: one more try, on a new one.
        return call.Repeatable && attempt + 1 < Math.Max(2, endpoints);
    }

    private TsException Fail(TalosCall call, TalosChannel channel, RpcException e) =>
        client.Disposed.IsCancellationRequested
            ? TalosErrors.TalosConnectionLost.New(
                $"The call {call.Name} to '{displayName}' was ended: its client was closed.",
                displayName,
                e
            )
            : TalosFailure.Explain(e, call, displayName, channel.Endpoint, client.Roles, channel.Alert);

    private TsException Silent(TalosCall call, TalosChannel channel, RpcException e, TimeSpan limit)
    {
        channel.Failed();
        client.Options.Connections.Retire(channel);
        return TalosErrors.TalosTimeout.New(
            $"'{displayName}' sent nothing for {limit.TotalSeconds:0} s in answer to {call.Name} (through '{channel.Endpoint}').",
            displayName,
            e
        );
    }
}
