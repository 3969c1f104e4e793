using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Watches: one JSON object per line for as long as the client listens.</summary>
internal sealed class KubeWatch(KubeStore store, LabKubernetesFaults faults)
{
    internal async Task RunAsync(KubeRequest request)
    {
        var hasEnd =
            int.TryParse(request.Query("timeoutSeconds"), CultureInfo.InvariantCulture, out var seconds) && seconds > 0;
        using var end = new CancellationTokenSource(
            hasEnd ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
            store.Clock
        );
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, end.Token);
        request.Context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        request.Context.Response.ContentType = "application/json";
        await request.Context.Response.Body.FlushAsync(request.Aborted); // clients wait for the headers before any event
        var left = faults.WatchEventLimit ?? int.MaxValue;
        try
        {
            await foreach (var (type, item) in EventsAsync(request, ending.Token))
            {
                if (left-- <= 0)
                    return;
                await SendAsync(request, type, item, ending.Token);
            }
        }
        catch (KubeFailure e)
        {
            await SendAsync(request, "ERROR", e.ToStatus(), ending.Token);
        }
        catch (OperationCanceledException) when (!request.Aborted.IsCancellationRequested)
        {
            return; // timeoutSeconds is over: watches just end
        }
    }

    private async IAsyncEnumerable<(string Type, JsonObject Item)> EventsAsync(
        KubeRequest request,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var name = request.Query("fieldSelector");
        var wanted = KubeSelector.Parse(request.Query("labelSelector"), name);
        var from = request.Query("resourceVersion");
        long version;
        if (string.IsNullOrEmpty(from) || from == "0")
        {
            (version, var items) = store.List(request.Resource, request.Namespace);
            foreach (var item in items.Where(wanted))
                yield return ("ADDED", item);
        }
        else if (!long.TryParse(from, CultureInfo.InvariantCulture, out version))
        {
            throw KubeFailure.Bad($"invalid resource version \"{from}\"");
        }
        await foreach (var change in store.WatchAsync(request.Resource, request.Namespace, version, cancellationToken))
        {
            // An object that starts or stops to match is an addition or a deletion to this watcher.
            var (was, isNow) = (
                change.Before is { } before && wanted(before),
                change.Type != "DELETED" && wanted(change.Object)
            );
            if (was || isNow)
                yield return (
                    isNow
                        ? was
                            ? "MODIFIED"
                            : "ADDED"
                        : "DELETED",
                    change.Object
                );
        }
    }

    private static async Task SendAsync(
        KubeRequest request,
        string type,
        JsonObject item,
        CancellationToken cancellationToken
    )
    {
        var shown = type != "ERROR" && KubeTable.IsAsked(request) ? KubeTable.Of(request, [item]) : item.DeepClone();
        var line = new JsonObject { ["type"] = type, ["object"] = shown }.ToJsonString() + "\n";
        await request.Context.Response.WriteAsync(line, cancellationToken);
        await request.Context.Response.Body.FlushAsync(cancellationToken);
    }
}
