using System.Text;

namespace TalosTailscale.Lab.Nodes;

/// <summary>
/// The machine config that a lab node starts with: several documents, comments that people wrote, and everything a
/// careless read-merge-apply would lose.
/// </summary>
internal static class LabConfigTemplate
{
    internal static string Create(LabNode node, LabSecrets secrets)
    {
        var text = new StringBuilder();
        text.Append(Legacy(node, secrets));
        if (node.Minor >= 12)
            text.Append(Hostname(node));
        if (node.Minor >= 9)
            text.Append(Volumes());
        return text.ToString();
    }

    private static string Legacy(LabNode node, LabSecrets secrets) =>
        $$"""
            # {{node.Name}}: written by hand after talosctl gen config; keep the comments.
            version: v1alpha1
            debug: false
            persist: true
            machine:
              type: {{(node.IsControlPlane ? "controlplane" : "worker")}}
              token: {{secrets.MachineToken}}
              ca:
                crt: {{LabSecrets.Base64(secrets.TalosAuthority.Certificate.CertificatePem)}}
                key: {{(
                node.IsControlPlane ? LabSecrets.Base64(secrets.TalosAuthority.Certificate.PrivateKeyPem) : "\"\""
            )}}
              certSANs:
                - {{node.Address}} # the load balancer's health check dials this
              kubelet:
                image: ghcr.io/siderolabs/kubelet:v1.34.1
                defaultRuntimeSeccompProfileEnabled: true
                # Keep the node IP on the LAN, whatever other addresses come up.
                nodeIP:
                  validSubnets:
                    - {{node.Network.Subnet}}
                registerWithFQDN: {{(node.Options.RegistersWithFqdn ? "true" : "false")}}
                disableManifestsDirectory: true
            {{Network(node)}}  install:
                disk: /dev/{{node.Options.SystemDisk}}
                image: ghcr.io/siderolabs/installer:{{node.TalosVersion}}
                wipe: false
              features:
                diskQuotaSupport: true
                kubePrism:
                  enabled: true
                  port: 7445
                hostDNS:
                  enabled: true
                  forwardKubeDNSToHost: true
              nodeLabels:
                lab.example/rack: a # owner: storage
            cluster:
              id: {{secrets.ClusterId}}
              secret: {{secrets.ClusterSecret}}
              controlPlane:
                endpoint: https://{{LabNodeAddresses.Bracketed(node.Network.ApiServer)}}:6443
              clusterName: lab
              network:
                dnsDomain: cluster.local
                podSubnets:
                  - {{node.Network.PodSubnet}}
                serviceSubnets:
                  - {{node.Network.ServiceSubnet}}
              token: {{secrets.BootstrapToken}}
              ca:
                crt: {{LabSecrets.Base64(secrets.KubernetesAuthority.Certificate.CertificatePem)}}
                key: {{(
                node.IsControlPlane ? LabSecrets.Base64(secrets.KubernetesAuthority.Certificate.PrivateKeyPem) : "\"\""
            )}}
            {{(node.IsControlPlane ? ControlPlane(node, secrets) : "")}}  discovery:
                enabled: {{(node.Cluster.Options.Discovery ? "true" : "false")}}

            """;

    private static string ControlPlane(LabNode node, LabSecrets secrets) =>
        $"""
              secretboxEncryptionSecret: {secrets.SecretboxSecret}
              aggregatorCA:
                crt: {LabSecrets.Base64(secrets.AggregatorAuthority.Certificate.CertificatePem)}
                key: {LabSecrets.Base64(secrets.AggregatorAuthority.Certificate.PrivateKeyPem)}
              serviceAccount:
                key: {secrets.ServiceAccountKey}
              etcd:
                ca:
                  crt: {LabSecrets.Base64(secrets.EtcdAuthority.Certificate.CertificatePem)}
                  key: {LabSecrets.Base64(secrets.EtcdAuthority.Certificate.PrivateKeyPem)}
                advertisedSubnets:
                  - {node.Network.Subnet}
              allowSchedulingOnControlPlanes: true

            """;

    // Before 1.12 the host name is part of the legacy document.
    private static string Network(LabNode node) =>
        node.Minor >= 12
            ? ""
            : $"""
                  network:
                    hostname: {ConfiguredName(node)}

                """;

    private static string Hostname(LabNode node) =>
        $"""
            ---
            # Storage is pinned to this name: never let it follow the address.
            apiVersion: v1alpha1
            kind: HostnameConfig
            auto: "off"
            hostname: {ConfiguredName(node)}

            """;

    private static string Volumes() =>
        """
            ---
            apiVersion: v1alpha1
            kind: VolumeConfig
            name: EPHEMERAL
            provisioning:
              diskSelector:
                match: system_disk
              minSize: 20GiB
              maxSize: 100GiB # the rest is for the user volume
            ---
            apiVersion: v1alpha1
            kind: KmsgLogConfig
            name: rack-console
            url: udp://192.168.1.10:3514

            """;

    private static string ConfiguredName(LabNode node) =>
        node.Cluster.Options.Domain is { } domain
            ? $"{node.Options.KubernetesName}.{domain}"
            : node.Options.KubernetesName;
}
