using System.Text;
using Google.Protobuf;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.Talos;

/// <summary>Contents of resources as typed values; keys as in siderolabs/talos pkg/machinery/resources.</summary>
internal static class TalosSpecs
{
    internal static (string Destination, string Link) Route(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        string everywhere = spec.Text("family") == "inet6" ? "::/0" : "0.0.0.0/0";
        return (spec.Text("dst") is { Length: > 0 } to ? to : everywhere, spec.Text("outLinkName"));
    }

    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    internal static TalosExtension Extension(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        SpecReader metadata = spec.Child("metadata");
        return new TalosExtension
        {
            Node = resource.Node,
            Name = metadata.Text("name"),
            Version = metadata.Text("version"),
            Author = metadata.Text("author"),
            Description = metadata.Text("description").Trim(),
            Image = spec.Text("image"),
            Compatibility = metadata.Child("compatibility").Child("talos").Text("version"),
            ExtraInfo = metadata.Text("extraInfo"),
        };
    }

    internal static TalosMachineType MachineType(TalosResource resource) =>
        resource.Spec switch
        {
            "controlplane" or "init" => TalosMachineType.ControlPlane,
            "worker" => TalosMachineType.Worker,
            var other => throw TalosErrors.TalosMachineTypeUnknown.New(
                $"The machine type of '{resource.Node}' is '{other as string ?? resource.SpecYaml.Trim()}'; expected "
                    + "'controlplane' or 'worker'.",
                resource.Node
            ),
        };

    internal static TalosSystemInformation SystemInformation(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        return new TalosSystemInformation
        {
            Node = resource.Node,
            Manufacturer = spec.Text("manufacturer"),
            ProductName = spec.Text("productName"),
            SerialNumber = spec.Text("serialnumber"),
            Uuid = spec.Text("uuid").ToLowerInvariant(),
        };
    }

    internal static TalosMachineStatus MachineStatus(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        SpecReader status = spec.Child("status");
        return new TalosMachineStatus
        {
            Node = resource.Node,
            Stage = spec.Text("stage"),
            Ready = status.Truth("ready"),
            UnmetConditions =
            [
                .. status.Children("unmetConditions").Select(c => $"{c.Text("name")}: {c.Text("reason")}"),
            ],
        };
    }

    internal static TalosSecurityState SecurityState(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        return new TalosSecurityState
        {
            Node = resource.Node,
            SecureBoot = spec.Truth("secureBoot"),
            BootedWithUki = spec.MaybeTruth("bootedWithUKI"),
            PcrSigningKeyFingerprint = spec.Text("pcrSigningKeyFingerprint"),
            SelinuxState = spec.Text("selinuxState"),
        };
    }

    internal static TalosDiscoveredVolume DiscoveredVolume(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        return new TalosDiscoveredVolume
        {
            Node = resource.Node,
            Id = resource.Id,
            DevicePath = spec.Text("dev_path"),
            Type = spec.Text("type"),
            Parent = spec.Text("parent"),
            Size = spec.Number("size"),
            FileSystem = spec.Text("name"),
            Label = spec.Text("label"),
            Uuid = spec.Text("uuid"),
            PartitionLabel = spec.Text("partition_label"),
            PartitionType = spec.Text("partition_type").ToLowerInvariant(),
            PartitionUuid = spec.Text("partition_uuid"),
            PartitionIndex = (int)Math.Clamp(spec.Number("partition_index"), 0, int.MaxValue),
        };
    }

    internal static TalosVolumeStatus VolumeStatus(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        return new TalosVolumeStatus
        {
            Node = resource.Node,
            Id = resource.Id,
            Phase = spec.Text("phase"),
            Location = spec.Text("location"),
            EncryptionProvider = spec.Text("encryptionProvider"),
            EncryptionKeys = spec.Texts("configuredEncryptionKeys"),
            ErrorMessage = spec.Text("errorMessage"),
        };
    }

    internal static TalosMember Member(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        string hostname = spec.Text("hostname");
        if (!HostName.IsValid(hostname))
            throw TalosErrors.TalosProtocolViolation.New(
                $"'{resource.Node}' knows a member '{resource.Id}' with the host name '{hostname}', which is none.",
                resource.Node
            );
        return new TalosMember
        {
            Node = resource.Node,
            Id = resource.Id,
            NodeId = spec.Text("nodeId"),
            Hostname = hostname,
            Addresses = spec.Texts("addresses"),
            MachineType = spec.Text("machineType"),
            OperatingSystem = spec.Text("operatingSystem"),
        };
    }

    internal static TalosKubernetesNodeStatus KubernetesStatus(TalosResource resource)
    {
        var spec = new SpecReader(resource.Spec);
        return new TalosKubernetesNodeStatus(
            resource.Node,
            resource.Id,
            spec.Truth("nodeReady"),
            spec.Truth("unschedulable")
        );
    }

    /// <summary>
    /// The text of a machine configuration. The protobuf content has it as raw bytes in field 1; the YAML content is a
    /// text that holds it (annotation <c>talos.dev/yaml-spec</c>) and is used where there is no protobuf.
    /// </summary>
    internal static string MachineConfigText(TalosResource resource)
    {
        if (RawField(resource) is { IsEmpty: false } raw)
        {
            try
            {
                return s_strict.GetString(raw.Span);
            }
            catch (DecoderFallbackException e)
            {
                throw TalosErrors.TalosProtocolViolation.New(
                    $"The machine configuration '{resource.Id}' of '{resource.Node}' is not UTF-8.",
                    resource.Node,
                    e
                );
            }
        }

        return resource.Spec as string
            ?? throw TalosErrors.TalosProtocolViolation.New(
                $"The machine configuration '{resource.Id}' of '{resource.Node}' is not a text.",
                resource.Node
            );
    }

    private static ReadOnlyMemory<byte> RawField(TalosResource resource)
    {
        const uint field1 = (1 << 3) | 2;
        if (resource.RawProtoSpec.IsEmpty)
            return default;
        try
        {
            using var input = new CodedInputStream(resource.RawProtoSpec.ToArray());
            while (input.ReadTag() is var tag && tag != 0)
            {
                if (tag == field1)
                    return input.ReadBytes().Memory;
                input.SkipLastField();
            }

            return default;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw TalosErrors.TalosProtocolViolation.New(
                $"The machine configuration '{resource.Id}' of '{resource.Node}' is not protobuf.",
                resource.Node,
                e
            );
        }
    }
}
