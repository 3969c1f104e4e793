using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What Kubernetes says of a node.</summary>
/// <param name="Name">Name of the Kubernetes node.</param>
/// <param name="Ready">True when the condition Ready is True.</param>
/// <param name="Unschedulable">True when it is cordoned.</param>
/// <param name="ControlPlane">True when it has the control plane role.</param>
/// <param name="Architecture">Architecture as the kubelet reports it.</param>
/// <param name="KubeletVersion">Version of the kubelet (<c>v1.34.1</c>).</param>
/// <param name="OsImage">Operating system (<c>Talos (v1.12.4)</c>).</param>
/// <param name="BootId">Changes with every boot.</param>
/// <param name="Addresses">Internal and external addresses.</param>
/// <param name="NotReadyReason">Why it is not ready; null when it is.</param>
public sealed record KubernetesNodeState(
    string Name,
    bool Ready,
    bool Unschedulable,
    bool ControlPlane,
    TalosArchitecture Architecture,
    string KubeletVersion,
    string OsImage,
    string BootId,
    IReadOnlyList<string> Addresses,
    string? NotReadyReason
)
{
    /// <summary>True when it was cordoned by <see cref="NodeDrain.CordonAsync"/>, in this process or another.</summary>
    public bool CordonedHere { get; init; }

    /// <summary>The machine's id as its kubelet reports it; on Talos it follows the node's identity. Empty when not known.</summary>
    public string MachineId { get; init; } = "";

    /// <summary>The firmware's id of the machine, which a new installation does not change. Empty when not known.</summary>
    public string SystemUuid { get; init; } = "";

    /// <summary>Whether two ids are one that says something: boards without an id of their own report zeros or all ones.</summary>
    internal static bool SameId(string left, string right) =>
        left.Equals(right, StringComparison.OrdinalIgnoreCase)
        && left.Any(c => c is not ('0' or '-'))
        && left.Any(c => c is not ('f' or 'F' or '-'));

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Reads nodes, and removes the one that is gone for good.</summary>
public static class KubernetesNodes
{
    /// <summary>Reads one node.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="name">Name of the Kubernetes node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Its state.</returns>
    /// <exception cref="TsException">KubernetesNodeNotFound, or a failure of the connection.</exception>
    public static async Task<KubernetesNodeState> GetAsync(
        KubernetesConnection connection,
        string name,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var node = await KubernetesCall
            .RepeatAsync(
                connection,
                $"read the node '{name}'",
                name,
                async (api, ct) =>
                {
                    try
                    {
                        return await api.CoreV1.ReadNodeAsync(name, cancellationToken: ct).ConfigureAwait(false);
                    }
                    catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                    {
                        return null;
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return node is not null
            ? ToState(node)
            : throw KubernetesErrors.KubernetesNodeNotFound.New(
                $"The cluster '{connection}' has no Kubernetes node '{name}'.",
                name
            );
    }

    /// <summary>Reads all nodes, in pages.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The nodes by name.</returns>
    public static async Task<IReadOnlyList<KubernetesNodeState>> ListAsync(
        KubernetesConnection connection,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        var nodes = new List<KubernetesNodeState>();
        string? page = null;
        do
        {
            var token = page;
            var list = await KubernetesCall
                .RepeatAsync(
                    connection,
                    "list nodes",
                    null,
                    (api, ct) => api.CoreV1.ListNodeAsync(limit: 500, continueParameter: token, cancellationToken: ct),
                    cancellationToken
                )
                .ConfigureAwait(false);
            nodes.AddRange(list.Items.Select(ToState));
            page = list.Metadata?.ContinueProperty;
        } while (!string.IsNullOrEmpty(page));
        nodes.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return nodes;
    }

    /// <summary>The node that has an address among its own.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="address">IP address.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The node.</returns>
    /// <exception cref="TsException">KubernetesNodeNotFound, or a failure of the connection.</exception>
    public static async Task<KubernetesNodeState> FindByAddressAsync(
        KubernetesConnection connection,
        string address,
        CancellationToken cancellationToken
    )
    {
        var nodes = await ListAsync(connection, cancellationToken).ConfigureAwait(false);
        return nodes.FirstOrDefault(n => n.Addresses.Contains(address, StringComparer.OrdinalIgnoreCase))
            ?? throw KubernetesErrors.KubernetesNodeNotFound.New(
                $"The cluster '{connection}' has no Kubernetes node with the address '{address}'.",
                address
            );
    }

    /// <summary>Deletes the object of a node that is gone. Its kubelet would make it again if it still ran.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="name">Name of the Kubernetes node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False when there was none.</returns>
    public static Task<bool> DeleteAsync(
        KubernetesConnection connection,
        string name,
        CancellationToken cancellationToken
    ) =>
        KubernetesCall.RepeatAsync(
            connection,
            $"delete the node '{name}'",
            name,
            async (api, ct) =>
            {
                try
                {
                    await api.CoreV1.DeleteNodeAsync(name, cancellationToken: ct).ConfigureAwait(false);
                    return true;
                }
                catch (HttpOperationException e) when (KubernetesCall.IsStatus(e, HttpStatusCode.NotFound))
                {
                    return false;
                }
            },
            cancellationToken
        );

    private static KubernetesNodeState ToState(V1Node node)
    {
        var ready = node.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready");
        var info = node.Status?.NodeInfo;
        var labels = node.Metadata.Labels;
        return new KubernetesNodeState(
            node.Metadata.Name,
            ready?.Status == "True",
            node.Spec?.Unschedulable == true,
            labels?.ContainsKey("node-role.kubernetes.io/control-plane") == true,
            info?.Architecture switch
            {
                "amd64" => TalosArchitecture.Amd64,
                "arm64" => TalosArchitecture.Arm64,
                _ => TalosArchitecture.Unknown,
            },
            info?.KubeletVersion ?? "",
            info?.OsImage ?? "",
            info?.BootID ?? "",
            node.Status?.Addresses?.Where(a => a.Type is "InternalIP" or "ExternalIP").Select(a => a.Address).ToArray()
                ?? [],
            ready?.Status == "True" ? null : $"{ready?.Reason ?? "Unknown"}: {ready?.Message ?? "no Ready condition"}"
        )
        {
            MachineId = info?.MachineID ?? "",
            SystemUuid = info?.SystemUUID ?? "",
            CordonedHere = node.Metadata.Annotations?.ContainsKey(NodeDrain.CordonAnnotation) == true,
        };
    }
}
