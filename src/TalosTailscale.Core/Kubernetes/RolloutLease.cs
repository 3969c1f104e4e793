using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Which lease, who holds it, and how long it outlives a holder that is gone.</summary>
public sealed record RolloutLeaseSpec
{
    /// <summary>Name of the Lease object; one rollout at a time per name.</summary>
    public string Name { get; init; } = "talos-tailscale-rollout";

    /// <summary>Namespace of the Lease object.</summary>
    public string Namespace { get; init; } = "kube-system";

    /// <summary>Who holds it, for people and to know itself again: user, machine and process by default.</summary>
    public string Holder { get; init; } = $"{ProcessIdentity.Own}/{Guid.NewGuid():n}";

    /// <summary>How long the lease lasts after its last renewal, in whole seconds; it is renewed three times in that time.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Holds a Kubernetes Lease, so that only one operator at a time changes the nodes of a cluster. It is renewed until
/// disposed of; work must stop when <see cref="Lost"/> is cancelled.
/// </summary>
public sealed class RolloutLease : IAsyncDisposable
{
    private static readonly TimeSpan s_release = TimeSpan.FromSeconds(5);

    private readonly KubernetesConnection _connection;
    private readonly RolloutLeaseSpec _spec;
    private readonly TimeProvider _time;
    private readonly IReporter _reporter;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _renewing;
    private V1Lease _lease;

    private RolloutLease(
        KubernetesConnection connection,
        RolloutLeaseSpec spec,
        IReporter reporter,
        TimeProvider time,
        V1Lease lease
    )
    {
        _reporter = reporter;
        _connection = connection;
        _spec = spec;
        _time = time;
        _lease = lease;
        _renewing = RenewAsync(_stopping.Token);
    }

    /// <summary>Cancelled when the lease could not be renewed in time or somebody took it.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>This holding of it.</summary>
    public LeaseTenure Tenure => new($"{_spec.Namespace}/{_spec.Name}", _spec.Holder);

    /// <summary>Takes the lease; waits only for a holder who seems to be gone.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="spec">Which lease and for whom.</param>
    /// <param name="reporter">Told when an old lease is being watched.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <returns>The lease, held.</returns>
    /// <exception cref="TsException">LeaseHeld, KubernetesForbidden or a failure of the connection.</exception>
    public static async Task<RolloutLease> AcquireAsync(
        KubernetesConnection connection,
        RolloutLeaseSpec spec,
        IReporter reporter,
        TimeProvider? time,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(reporter);
        time ??= TimeProvider.System;
        var seen = await ReadAsync(connection, spec, cancellationToken).ConfigureAwait(false);
        if (seen is null)
            return new RolloutLease(
                connection,
                spec,
                reporter,
                time,
                await CreateAsync(connection, spec, time, cancellationToken).ConfigureAwait(false)
            );
        if (!IsFree(seen, spec))
        {
            if (Expiry(seen) > time.GetUtcNow())
                throw Held(seen, spec);
            // The holder's clock may be off: what counts is that it does not renew while we look on, as in client-go's election.
            var patience = TimeSpan.FromSeconds(seen.Spec.LeaseDurationSeconds ?? 30);
            reporter.Verbose(
                $"The lease '{spec.Namespace}/{spec.Name}' of '{seen.Spec.HolderIdentity}' has run out; watching it for {patience.TotalSeconds:0} s."
            );
            await Task.Delay(patience, time, cancellationToken).ConfigureAwait(false);
            var now = await ReadAsync(connection, spec, cancellationToken).ConfigureAwait(false);
            if (now is not null && now.Metadata.ResourceVersion != seen.Metadata.ResourceVersion && !IsFree(now, spec))
                throw Held(now, spec);
        }
        var taken = await ReplaceAsync(connection, spec, Stamp(seen, spec, time, taken: true), cancellationToken)
            .ConfigureAwait(false);
        return new RolloutLease(connection, spec, reporter, time, taken ?? throw Held(seen, spec));
    }

    /// <summary>Throws when the lease has been lost.</summary>
    /// <exception cref="TsException">LeaseLost.</exception>
    public void ThrowIfLost()
    {
        if (_lost.IsCancellationRequested)
            throw KubernetesErrors.LeaseLost.New($"The lease '{_spec.Namespace}/{_spec.Name}' was lost.", _spec.Name);
    }

    /// <summary>Gives the lease back, so that the next operator need not wait.</summary>
    /// <returns>A task that ends when it is free.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        if (!_lost.IsCancellationRequested)
        {
            using var deadline = new CancellationTokenSource(s_release);
            try
            {
                _lease.Spec.HolderIdentity = null;
                await ReplaceAsync(_connection, _spec, _lease, deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TsException or OperationCanceledException)
            {
                _reporter.Verbose(
                    $"The lease '{_spec.Namespace}/{_spec.Name}' could not be given back and runs out in {_spec.Duration.TotalSeconds:0} s: {e.Message}"
                );
            }
        }
        _stopping.Dispose();
        _lost.Dispose();
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var renewed = _time.GetTimestamp();
        try
        {
            while (true)
            {
                await Task.Delay(_spec.Duration / 3, _time, cancellationToken).ConfigureAwait(false);
                V1Lease? next;
                try
                {
                    next = await ReplaceAsync(
                            _connection,
                            _spec,
                            Stamp(_lease, _spec, _time, taken: false),
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                    // A conflict with ourselves: an earlier renewal got through and only its answer was lost.
                    if (
                        next is null
                        && await ReadAsync(_connection, _spec, cancellationToken).ConfigureAwait(false) is { } now
                        && now.Spec.HolderIdentity == _spec.Holder
                    )
                        next = now;
                }
                catch (TsException) when (_time.GetElapsedTime(renewed) < _spec.Duration * 2 / 3)
                {
                    continue; // the API server is away for a moment: the lease still holds
                }
                if (next is null)
                    break;
                (_lease, renewed) = (next, _time.GetTimestamp());
            }
        }
        catch (TsException)
        {
            await _lost.CancelAsync().ConfigureAwait(false);
            return;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        await _lost.CancelAsync().ConfigureAwait(false);
    }

    // Free: given back, ours from before, or of a process of this machine that is gone.
    private static bool IsFree(V1Lease lease, RolloutLeaseSpec spec) =>
        string.IsNullOrEmpty(lease.Spec.HolderIdentity)
        || lease.Spec.HolderIdentity == spec.Holder
        || ProcessIdentity.IsGone(lease.Spec.HolderIdentity);

    private static DateTimeOffset Expiry(V1Lease lease) =>
        new DateTimeOffset(DateTime.SpecifyKind(lease.Spec.RenewTime ?? DateTime.MinValue.AddDays(1), DateTimeKind.Utc))
        + TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? 0);

    private static V1Lease Stamp(V1Lease lease, RolloutLeaseSpec spec, TimeProvider time, bool taken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        lease.Spec.HolderIdentity = spec.Holder;
        lease.Spec.LeaseDurationSeconds = (int)Math.Ceiling(spec.Duration.TotalSeconds);
        lease.Spec.RenewTime = now;
        if (taken)
        {
            lease.Spec.AcquireTime = now;
            lease.Spec.LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1;
        }
        return lease;
    }

    private static Task<V1Lease?> ReadAsync(
        KubernetesConnection connection,
        RolloutLeaseSpec spec,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"read the lease '{spec.Namespace}/{spec.Name}'",
            spec.Name,
            async (api, ct) =>
            {
                try
                {
                    return await api
                        .CoordinationV1.ReadNamespacedLeaseAsync(spec.Name, spec.Namespace, cancellationToken: ct)
                        .ConfigureAwait(false);
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return (V1Lease?)null;
                }
            },
            cancellationToken
        );

    private static async Task<V1Lease> CreateAsync(
        KubernetesConnection connection,
        RolloutLeaseSpec spec,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var lease = Stamp(
            new V1Lease
            {
                Metadata = new V1ObjectMeta
                {
                    Name = spec.Name,
                    NamespaceProperty = spec.Namespace,
                    Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        [HelperPodManifest.ManagedBy] = HelperPodManifest.Product,
                    },
                },
                Spec = new V1LeaseSpec(),
            },
            spec,
            time,
            taken: true
        );
        try
        {
            return await KubernetesCall
                .SendAsync(
                    connection,
                    $"create the lease '{spec.Namespace}/{spec.Name}'",
                    spec.Name,
                    (api, ct) =>
                        api.CoordinationV1.CreateNamespacedLeaseAsync(lease, spec.Namespace, cancellationToken: ct),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == KubernetesErrors.KubernetesConflict)
        {
            throw Held(await ReadAsync(connection, spec, cancellationToken).ConfigureAwait(false) ?? lease, spec);
        }
    }

    /// <summary>Null when somebody else wrote it since it was read.</summary>
    private static async Task<V1Lease?> ReplaceAsync(
        KubernetesConnection connection,
        RolloutLeaseSpec spec,
        V1Lease lease,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await KubernetesCall
                .SendAsync(
                    connection,
                    $"renew the lease '{spec.Namespace}/{spec.Name}'",
                    spec.Name,
                    (api, ct) =>
                        api.CoordinationV1.ReplaceNamespacedLeaseAsync(
                            lease,
                            spec.Name,
                            spec.Namespace,
                            cancellationToken: ct
                        ),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == KubernetesErrors.KubernetesConflict || e.Error == KubernetesErrors.KubernetesNotFound)
        {
            return null;
        }
    }

    private static TsException Held(V1Lease lease, RolloutLeaseSpec spec) =>
        KubernetesErrors.LeaseHeld.New(
            $"The lease '{spec.Namespace}/{spec.Name}' is held by '{lease.Spec.HolderIdentity}' since {lease.Spec.AcquireTime:u}, renewed {lease.Spec.RenewTime:u}.",
            lease.Spec.HolderIdentity
        );
}
