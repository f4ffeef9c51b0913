"""List prices in US dollars, each with where and when it was read. What is not here is left out of a total, and said so.

A region without an entry has no prices here: nothing is guessed from another region's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

PRICED_ON = date(2026, 7, 20)  # of the nodes, by far the largest part


@dataclass(frozen=True)
class ServicePrices:
    """USD; an hour of one, unless the name says otherwise. None: no source with a date was found."""

    cluster: float | None = None
    cluster_extended_support: float | None = None
    nat_gateway: float | None = None
    network_load_balancer: float | None = None
    interface_endpoint: float | None = None
    public_address: float | None = None
    aurora_acu: float | None = None
    rds_gp3_gib_month: float | None = None
    gp3_gib_month: float | None = None


SERVICES: Mapping[str, ServicePrices] = {
    "us-east-1": ServicePrices(
        cluster=0.10,  # cloudburn.io, Amazon EKS Pricing, 2026-04-01
        cluster_extended_support=0.60,  # 0.10 and 0.50 on top: factualminds.com, Amazon EKS Pricing, 2026-06-13
        nat_gateway=0.045,  # usage.ai, AWS network costs, 2026-05
        network_load_balancer=0.0225,  # awsnegotiations.com, Elastic Load Balancer cost, 2026-05
        interface_endpoint=0.01,  # in each zone: factualminds.com, Amazon VPC Pricing, 2026-06-13
        public_address=0.005,  # cloudburn.io, AWS NAT Gateway Pricing, 2026-02-24
        aurora_acu=0.12,  # factualminds.com, Amazon Aurora Pricing, 2026-06
        rds_gp3_gib_month=0.115,  # of each copy, the standby's too: usage.ai, RDS pricing calculator, 2026-06
        gp3_gib_month=0.08,  # calculator.aws for us-east-1, as public cost tools quote it, 2026
    ),
    "us-east-2": ServicePrices(
        nat_gateway=0.045,  # US East (N. Virginia, Ohio): cloudpipelines.pages.dev, AWS NAT Gateway pricing 2026
        public_address=0.005,  # the same in every region: cloudburn.io, AWS NAT Gateway Pricing, of US East (Ohio), 2026-02-24
        # `aws pricing get-products` of USE2-Aurora:ServerlessV2Usage, as a public cost audit of 2026 records it
        aurora_acu=0.12,
    ),
}

# NAT instances, on demand: AndrewGuenther/cdk-fck-nat, API.md, read 2026-11
NAT_INSTANCES: Mapping[str, Mapping[str, float]] = {"us-east-1": {"t4g.nano": 0.0042}}

# On-demand Linux nodes, an hour: aws/karpenter-provider-aws at 1d92708, its generated prices of us-east-1 of 2026-07-20
ON_DEMAND: Mapping[str, Mapping[str, float]] = {
    "us-east-1": {
        "m5.large": 0.096,
        "m5.xlarge": 0.192,
        "m5.2xlarge": 0.384,
        "m5.4xlarge": 0.768,
        "m5.8xlarge": 1.536,
        "m5.12xlarge": 2.304,
        "m5.16xlarge": 3.072,
        "m5.24xlarge": 4.608,
        "m6i.large": 0.096,
        "m6i.xlarge": 0.192,
        "m6i.2xlarge": 0.384,
        "m6i.4xlarge": 0.768,
        "m6i.8xlarge": 1.536,
        "m6i.12xlarge": 2.304,
        "m6i.16xlarge": 3.072,
        "m6i.24xlarge": 4.608,
        "m7i.large": 0.1008,
        "m7i.xlarge": 0.2016,
        "m7i.2xlarge": 0.4032,
        "m7i.4xlarge": 0.8064,
        "m7i.8xlarge": 1.6128,
        "m7i.12xlarge": 2.4192,
        "m7i.16xlarge": 3.2256,
        "m7i.24xlarge": 4.8384,
        "m7i.48xlarge": 9.6768,
        "m7g.large": 0.0816,
        "m7g.xlarge": 0.1632,
        "m7g.2xlarge": 0.3264,
        "m7g.4xlarge": 0.6528,
        "m7g.8xlarge": 1.3056,
        "m7g.12xlarge": 1.9584,
        "m7g.16xlarge": 2.6112,
        "m8g.large": 0.08976,
        "m8g.xlarge": 0.17952,
        "m8g.2xlarge": 0.35904,
        "m8g.4xlarge": 0.71808,
        "m8g.8xlarge": 1.43616,
        "m8g.12xlarge": 2.15424,
        "m8g.16xlarge": 2.87232,
        "m8g.24xlarge": 4.30848,
        "m8g.48xlarge": 8.61696,
        "c5.large": 0.085,
        "c5.xlarge": 0.17,
        "c5.2xlarge": 0.34,
        "c5.4xlarge": 0.68,
        "c5.9xlarge": 1.53,
        "c5.12xlarge": 2.04,
        "c5.18xlarge": 3.06,
        "c5.24xlarge": 4.08,
        "c6i.large": 0.085,
        "c6i.xlarge": 0.17,
        "c6i.2xlarge": 0.34,
        "c6i.4xlarge": 0.68,
        "c6i.8xlarge": 1.36,
        "c6i.12xlarge": 2.04,
        "c6i.16xlarge": 2.72,
        "c6i.24xlarge": 4.08,
        "c7i.large": 0.08925,
        "c7i.xlarge": 0.1785,
        "c7i.2xlarge": 0.357,
        "c7i.4xlarge": 0.714,
        "c7i.8xlarge": 1.428,
        "c7i.12xlarge": 2.142,
        "c7i.16xlarge": 2.856,
        "c7i.24xlarge": 4.284,
        "c7i.48xlarge": 8.568,
        "c7g.large": 0.0725,
        "c7g.xlarge": 0.145,
        "c7g.2xlarge": 0.29,
        "c7g.4xlarge": 0.58,
        "c7g.8xlarge": 1.16,
        "c7g.12xlarge": 1.74,
        "c7g.16xlarge": 2.32,
        "r5.large": 0.126,
        "r5.xlarge": 0.252,
        "r5.2xlarge": 0.504,
        "r5.4xlarge": 1.008,
        "r5.8xlarge": 2.016,
        "r5.12xlarge": 3.024,
        "r5.16xlarge": 4.032,
        "r5.24xlarge": 6.048,
        "r6i.large": 0.126,
        "r6i.xlarge": 0.252,
        "r6i.2xlarge": 0.504,
        "r6i.4xlarge": 1.008,
        "r6i.8xlarge": 2.016,
        "r6i.12xlarge": 3.024,
        "r6i.16xlarge": 4.032,
        "r6i.24xlarge": 6.048,
        "r7i.large": 0.1323,
        "r7i.xlarge": 0.2646,
        "r7i.2xlarge": 0.5292,
        "r7i.4xlarge": 1.0584,
        "r7i.8xlarge": 2.1168,
        "r7i.12xlarge": 3.1752,
        "r7i.16xlarge": 4.2336,
        "r7i.24xlarge": 6.3504,
        "r7i.48xlarge": 12.7008,
        "r7g.large": 0.1071,
        "r7g.xlarge": 0.2142,
        "r7g.2xlarge": 0.4284,
        "r7g.4xlarge": 0.8568,
        "r7g.8xlarge": 1.7136,
        "r7g.12xlarge": 2.5704,
        "r7g.16xlarge": 3.4272,
        "t3.large": 0.0832,
        "t3.xlarge": 0.1664,
        "t3.2xlarge": 0.3328,
        "t4g.large": 0.0672,
        "t4g.xlarge": 0.1344,
        "t4g.2xlarge": 0.2688,
    },
}
